import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, UserError } from "../../foundation/errors.ts";
import { codeOf, fileError } from "../../foundation/files.ts";
import type { HostState } from "../step.ts";
import { checkpointPath, loadCheckpoint, type Position } from "./checkpoint.ts";

export const BEGINNING: Position = {
  step: 0,
  epoch: 0,
  smoothedLoss: null,
  bestLoss: null,
  pending: { count: 0, sums: {} },
};

/**
 * The last checkpoint; the best one when the last cannot be read; the beginning when there is none.
 * @param initial makes the run's first state; with `shapesOnly` its values do not count
 */
export async function resumeFrom(
  out: string,
  initial: (shapesOnly: boolean) => HostState,
  onNote: (note: string) => void,
) {
  const expected = () => initial(true);
  const folder = join(out, "checkpoints");
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (codeOf(error) === "ENOENT") return [];
    throw fileError(folder, "read", error);
  });
  const [first, second] = (["last", "best"] as const).filter((which) => names.includes(`${which}.safetensors`));
  if (!first) {
    onNote(`${out} has no checkpoint yet; starting from the beginning`);
    return { state: initial(false), position: BEGINNING };
  }
  try {
    return await loadCheckpoint(checkpointPath(out, first), expected);
  } catch (error) {
    if (!(error instanceof UserError) || !second) throw error;
    const best = await loadCheckpoint(checkpointPath(out, second), expected).catch(() => undefined);
    if (!best) throw error;
    onNote(`${messageOf(error)}; continuing from the best checkpoint, step ${best.position.step}`);
    return best;
  }
}
