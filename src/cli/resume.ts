import { existsSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import type { Command } from "commander";
import { UserError } from "../foundation/errors.ts";
import type { Paths } from "../index.ts";

/** What a run is called by default: the name of its data or run, without extension; of `.` the folder's. */
export function stemOf(paths: Paths): string {
  const [path = "", ...others] = typeof paths === "string" ? [paths] : paths;
  // A list is called after its file.
  const stem = basename(resolve(path.replace(/^@/, "")), extname(path));
  return others.length > 0 ? `${stem}-and-${others.length}-more` : stem;
}

/** Adds `--resume`, the same in every command that creates a run. */
export const resumeOption = (command: Command): Command =>
  command.option("--resume <run>", "continue this run, bit for bit, from its last checkpoint");

/**
 * @param allowed options, by commander's key, that do not affect the training
 * @throws UserError naming an option that cannot be combined with `--resume`
 */
export function refuseChanges(command: Command, run: string, allowed: readonly string[]): void {
  const options = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === "cli");
  const changed = options.find((option) => !["resume", "json", ...allowed].includes(option.attributeName()));
  if (changed)
    throw new UserError(`--resume continues ${run} with the options it began with; leave out ${changed.long}`);
}

/** @throws UserError when the folder has a run already */
export function refuseExisting(command: string, out: string): void {
  if ([out, join(out, "pruned")].some((folder) => existsSync(join(folder, "config.json"))))
    throw new UserError(
      `${out}: there is a run already; continue it with autodidact ${command} --resume ${out}, or name another --out`,
    );
}

/** The message for a run that was stopped before its end. */
export const stoppedAt = (command: string, run: string, step?: number): string => {
  if (!existsSync(join(run, "config.json"))) return "stopped; nothing was written";
  const state = step === undefined ? "stopped" : `stopped at step ${step}, saved`;
  return `${state}; continue with: autodidact ${command} --resume ${run}`;
};
