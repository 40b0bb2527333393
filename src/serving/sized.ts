import type { TensorRecord } from "../data/index.ts";

/** A program for batches of one size; it pads missing rows. */
export interface SizedProgram {
  /** @returns `[rows.length, width]` */
  run(rows: readonly TensorRecord[]): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Sizes to compile programs for: 1, 2, 4 … below the largest, and the largest. */
export function batchSizes(largest: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size < largest; size *= 2) sizes.push(size);
  return [...sizes, largest];
}

/** A batch is padded to the next size if it fills at least this share of it. */
const FULL_ENOUGH = 0.75;

/** The sizes that a batch is split into, since on a CPU a padded row costs as much as any other. */
export function cutInto(count: number, sizes: readonly number[]): number[] {
  const parts: number[] = [];
  for (let left = count; left > 0; left -= parts.at(-1)!) {
    const padded = sizes.find((size) => size >= left) ?? Number.POSITIVE_INFINITY;
    parts.push(left >= FULL_ENOUGH * padded ? padded : sizes.findLast((size) => size <= left)!);
  }
  return parts;
}

/**
 * Programs for several batch sizes, combined: a single row padded to a full batch would take a full batch's time. Each
 * is run once on zeros, so that the first request is fast.
 * @param zeros one sample's tensors
 * @returns a function from rows to a vector for each
 */
export async function sized(largest: number, zeros: TensorRecord, make: (batchSize: number) => Promise<SizedProgram>) {
  const programs = new Map<number, SizedProgram>();
  const dispose = async () => {
    for (const program of programs.values()) await program.dispose();
  };
  try {
    for (const size of batchSizes(largest)) {
      const program = await make(size);
      programs.set(size, program);
      await program.run([zeros]);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    async run(rows: readonly TensorRecord[]): Promise<Float32Array[]> {
      const results: Float32Array[] = [];
      for (const size of cutInto(rows.length, batchSizes(largest))) {
        const part = rows.slice(results.length, results.length + size);
        const data = await programs.get(size)!.run(part);
        const width = data.length / part.length;
        for (let row = 0; row < part.length; row++) results.push(data.subarray(row * width, (row + 1) * width));
      }
      return results;
    },
    dispose,
  };
}
