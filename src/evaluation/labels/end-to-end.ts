import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Run } from "../../training/run/run.ts";
import { type FinetuneOptions, finetune } from "./finetune.ts";

/**
 * Trains on labels, judges that, and leaves nothing behind.
 * @throws when it is stopped by its signal: half-trained it is nothing to judge
 */
export async function trainAndJudge<Judgement>(
  options: Omit<FinetuneOptions, "out">,
  judge: (run: Run) => Promise<Judgement>,
): Promise<Judgement> {
  const folder = await mkdtemp(join(tmpdir(), "autodidact-"));
  try {
    const run = await finetune({ ...options, out: join(folder, "run") });
    options.signal?.throwIfAborted();
    return await judge(run);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
