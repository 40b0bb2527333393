import { type Command, Option } from "commander";
import { flagsOf, TrainingOptions } from "../index.ts";

const flags = flagsOf(TrainingOptions);

/**
 * Adds a flag for every training option, for commands that train by one method.
 * @param defaults descriptions of the command's own defaults, by option key
 */
export function addTrainingFlags(command: Command, defaults: Readonly<Record<string, string>> = {}): Command {
  for (const { key, name, description, defaultValue } of flags) {
    const value = defaults[key] ?? (defaultValue === undefined ? undefined : String(defaultValue));
    const text = `${description}${value === undefined ? "" : ` (${key in defaults ? "here" : "default"} ${value})`}`;
    command.addOption(new Option(`--${name} <value>`, text).helpGroup("Training:"));
  }
  return command;
}

/** Parses the training options among the flags. @throws UserError for a value that is not allowed */
export const parseTrainingFlags = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    flags.flatMap(({ key, parse }): [string, unknown][] => {
      const text = values[key];
      return typeof text === "string" ? [[key, parse(text)]] : [];
    }),
  );
