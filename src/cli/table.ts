import type { Command } from "commander";

/**
 * Gives a command its arguments, options, example and action.
 * @param command with its name and summary set
 * @param argv the arguments after its name: some options decide which others exist
 */
export type Configure = (command: Command, argv: readonly string[]) => Command | Promise<Command>;

/** A command as help lists it; its code is loaded when it is called. */
export interface CommandLine {
  readonly summary: string;
  readonly load: () => Promise<{ readonly configure: Configure }>;
}

/** Commands by heading of the help text, then by name. */
export type CommandTable = Readonly<Record<string, Readonly<Record<string, CommandLine>>>>;

/** A kind of data with its own commands: `autodidact text complete`. */
export interface KindLine {
  readonly summary: string;
  readonly load: () => Promise<{ readonly commands: CommandTable }>;
}
