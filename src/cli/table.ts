import type { Command } from "commander";

/**
 * Gives a command its arguments, options, example and action.
 * @param command has its name and summary already
 * @param argv the words after its name: some options decide which others there are
 */
export type Configure = (command: Command, argv: readonly string[]) => Command | Promise<Command>;

/** A command as help lists it. What it needs is loaded when it is asked for, and not before. */
export interface CommandLine {
  readonly summary: string;
  readonly load: () => Promise<{ readonly configure: Configure }>;
}

/** Commands by name, under the headings that help shows them below. */
export type CommandTable = Readonly<Record<string, Readonly<Record<string, CommandLine>>>>;

/** One kind of data that has commands of its own: `autodidact text complete`. */
export interface KindLine {
  readonly summary: string;
  readonly load: () => Promise<{ readonly commands: CommandTable }>;
}
