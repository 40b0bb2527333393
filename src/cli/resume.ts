import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { UserError } from "../foundation/errors.ts";

/** `--resume`, the same in every command that makes a run. */
export const resumeOption = (command: Command): Command =>
  command.option("--resume <run>", "continue this run, bit for bit, from its last checkpoint");

/**
 * @param allowed options, by commander's key, that say nothing about how the run is trained
 * @throws UserError naming an option that a run that is continued must do without
 */
export function refuseChanges(command: Command, run: string, allowed: readonly string[]): void {
  const given = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === "cli");
  const changed = given.find((option) => !["resume", "json", ...allowed].includes(option.attributeName()));
  if (changed) throw new UserError(`--resume continues ${run} as it was begun; leave out ${changed.long}`);
}

/** @throws UserError when there is a run, of which only `--resume` may make more */
export function refuseExisting(command: string, out: string): void {
  if ([out, join(out, "pruned")].some((folder) => existsSync(join(folder, "config.json"))))
    throw new UserError(
      `${out}: there is a run already; continue it with autodidact ${command} --resume ${out}, or name another --out`,
    );
}

/** What to say of a run that was stopped before its end. */
export const stoppedAt = (command: string, run: string, step?: number): string => {
  if (!existsSync(join(run, "config.json"))) return "stopped; nothing was written";
  const place = step === undefined ? "stopped" : `stopped at step ${step}, saved`;
  return `${place}; continue with: autodidact ${command} --resume ${run}`;
};
