import { join } from "node:path";
import * as z from "zod";
import { inWords } from "../../data/paths/in-words.ts";
import { UserError } from "../../foundation/errors.ts";
import { makeFolder, removeTemporary } from "../../foundation/files.ts";
import { claimFolder, refuseForeignFolder } from "../../foundation/outputs.ts";
import { type Lock, lockRun } from "./lock.ts";
import { readConfigFile } from "./run.ts";

const Taken = z.looseObject({ data: z.looseObject({ path: z.union([z.string(), z.array(z.string())]) }) });

/**
 * @throws UserError when a new run cannot be put into the folder: it has a run already, or files that are none of ours
 */
export async function refuseTaken(out: string): Promise<void> {
  if (!(await refuseForeignFolder(out, "run"))) return;
  const config = await readConfigFile(out);
  if (config === undefined) return;
  const data = Taken.safeParse(config).data?.data.path;
  throw new UserError(
    `${out}: there is a run already${data === undefined ? "" : `, on ${inWords(data)}`}; continue it with --resume ${out}, or name another --out`,
  );
}

/**
 * Makes or takes over a run folder for training, and locks it. What killed processes left half written is removed.
 * @throws UserError when another process trains there, or the folder has become another's since it was checked
 */
export async function openRunFolder(out: string, resume: boolean): Promise<Lock> {
  await claimFolder(out, "run");
  const checkpoints = join(out, "checkpoints");
  await makeFolder(checkpoints);
  const lock = await lockRun(out);
  try {
    // Another process may have begun and ended a run here since the folder was first looked at.
    if (!resume) await refuseTaken(out);
    await removeTemporary(out, false);
    await removeTemporary(checkpoints, true);
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}
