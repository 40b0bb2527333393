import { join } from "node:path";
import { temporaryFolder } from "../../foundation/temporary.ts";
import type { Run } from "../../training/run/run.ts";
import { type FinetuneOptions, finetune } from "./finetune.ts";

/**
 * Trains on labels in a temporary folder, and evaluates the result.
 * @throws when stopped by its signal: a half-trained model is not evaluated
 */
export async function trainAndJudge<Result>(
  options: Omit<FinetuneOptions, "out">,
  judge: (run: Run) => Promise<Result>,
): Promise<Result> {
  using folder = temporaryFolder();
  const run = await finetune({ ...options, out: join(folder.path, "run") });
  options.signal?.throwIfAborted();
  return await judge(run);
}
