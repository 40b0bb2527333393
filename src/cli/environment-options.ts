import { type Command, Option } from "commander";
import { type EnvironmentDefinition, environments, type Flag, flagsOf } from "../index.ts";
import { addFlag } from "./option-groups.ts";

/** An environment that a command line names, and its options there. */
export interface ChosenEnvironment {
  readonly definition: EnvironmentDefinition;
  /** By name on the command line: an option whose name the command has taken is prefixed: `--environment-size`. */
  readonly flags: ReadonlyMap<string, Flag>;
  /**
   * @param values by commander's key
   * @param others what options are that are not given, instead of their defaults
   * @throws UserError for a value that is not allowed
   */
  optionsIn(
    values: Readonly<Record<string, unknown>>,
    others?: Readonly<Record<string, unknown>>,
  ): Record<string, unknown>;
}

/** Whether an argument names an environment: a built-in one, or one in a file. */
const isName = (argument: string): boolean =>
  environments.names.includes(argument) || /^[^-].*\.[cm]?[jt]s$/.test(argument);

/**
 * Adds the options of the environment that is among the arguments, under a heading of their own. To be called after the command's own
 * options are added.
 * @returns undefined when none is named
 */
export async function addEnvironment(
  command: Command,
  argv: readonly string[],
): Promise<ChosenEnvironment | undefined> {
  const name = argv.find(isName);
  if (name === undefined) return undefined;
  const definition = await environments.load(name);
  const taken = new Set(command.options.map(({ long }) => long));
  const flags = new Map(
    flagsOf(definition.options).map((flag) => {
      const title = taken.has(`--${flag.name}`) ? `environment-${flag.name}` : flag.name;
      return [title, { ...flag, name: title }];
    }),
  );
  for (const [title, flag] of flags) addFlag(command, title, flag, `Environment ${definition.name}:`);
  return {
    definition,
    flags,
    optionsIn(values, others = {}) {
      const given = [...flags].flatMap(([title, flag]) => {
        const value = values[new Option(`--${title}`).attributeName()];
        return typeof value === "string" || typeof value === "boolean" ? [[flag.key, flag.parse(value)]] : [];
      });
      return definition.options.parse({ ...others, ...Object.fromEntries(given) });
    },
  };
}
