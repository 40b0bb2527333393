import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FinetuneOptions, finetune } from "./finetune.ts";
import { judge, type Verdict } from "./judge.ts";

/**
 * Trains on labels, says how right that is on other data, and leaves nothing behind.
 * @throws when it is stopped by its signal: half-trained it is nothing to judge
 */
export async function trainAndJudge(
  options: Omit<FinetuneOptions, "out">,
  test: { readonly data: string; readonly labels?: string },
): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), "autodidact-"));
  try {
    const run = await finetune({ ...options, out: join(folder, "run") });
    options.signal?.throwIfAborted();
    const { column, labelColumn } = options;
    return await judge({ run, column, labelColumn, ...test });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
