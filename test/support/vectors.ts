import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Rng } from "../../src/array/index.ts";
import { type PretrainOptions, pretrain } from "../../src/training/pretrain.ts";

export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** Rows of numbers, and the options of a run on them that takes a second. */
export async function vectorRun(folder: string, rows = 22): Promise<PretrainOptions & { readonly data: string }> {
  const rng = new Rng(5);
  const data = join(folder, "rows.vectors.json");
  const vectors = Array.from({ length: rows }, () => ({ vector: Array.from({ length: 4 }, () => rng.normal()) }));
  await writeFile(data, JSON.stringify(vectors));
  return {
    data,
    out: join(folder, "whole"),
    modality: fixture("vectors/modality.ts"),
    encoder: fixture("vectors/encoder.ts"),
    training: { epochs: 3, batchSize: 4, logEvery: 1, workers: 0, warmupEpochs: 0, learningRate: 0.01 },
  };
}

/** The rows of metrics of a run, without the clock's. */
export async function learned(options: PretrainOptions): Promise<Record<string, number | undefined>[]> {
  const rows = await (await pretrain(options)).metrics();
  return rows.map(({ samplesPerSecond, waitFraction, seconds, ...rest }) => rest);
}

/** The same run stopped after a step and resumed. */
export async function stoppedAndResumed(
  options: PretrainOptions,
  step: number,
): Promise<Record<string, number | undefined>[]> {
  const stop = new AbortController();
  const onProgress = (progress: { step: number }) => {
    if (progress.step === step) stop.abort();
  };
  const rows = await learned({ ...options, signal: stop.signal, onProgress });
  if (rows.length !== step) throw new Error(`the run was to stop at step ${step} and did at ${rows.length}`);
  return learned({ ...options, resume: true });
}
