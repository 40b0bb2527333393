import { type Command, Option } from "commander";
import { flagsOf, TrainingOptions } from "../index.ts";

const flags = flagsOf(TrainingOptions);

/**
 * Adds a flag for every training option, for commands that train by one method.
 * @param defaults where the command has its own, in words, by the option's key
 */
export function addTrainingFlags(command: Command, defaults: Readonly<Record<string, string>> = {}): Command {
  for (const { key, name, description, defaultValue } of flags) {
    const value = defaults[key] ?? (defaultValue === undefined ? undefined : String(defaultValue));
    const text = `${description}${value === undefined ? "" : ` (${key in defaults ? "here" : "default"} ${value})`}`;
    command.addOption(new Option(`--${name} <value>`, text).helpGroup("Training:"));
  }
  return command;
}

/** The training options among what was given. @throws UserError for a value that is not allowed */
export const trainingGiven = (given: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    flags.flatMap(({ key, parse }): [string, unknown][] => {
      const text = given[key];
      return typeof text === "string" ? [[key, parse(text)]] : [];
    }),
  );
