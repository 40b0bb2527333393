import type { TensorRecord } from "../modalities/index.ts";

/** A program for batches of one size, the missing rows padded. */
export interface SizedProgram {
  /** @returns `[rows.length, width]` */
  run(rows: readonly TensorRecord[]): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Sizes worth compiling for: 1, 8, 64 … below the largest, and the largest. */
export function batchSizes(largest: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size < largest; size *= 8) sizes.push(size);
  return [...sizes, largest];
}

/**
 * Programs for several batch sizes as one: rows go through the smallest that holds them, for a lone row that is padded to
 * a full batch takes a full batch's time. Each is run once on zeros, so that the first request finds it warm.
 * @param zeros one sample's tensors
 * @returns a function from at most `largest` rows to a vector for each
 */
export async function sized(largest: number, zeros: TensorRecord, make: (batchSize: number) => Promise<SizedProgram>) {
  const programs: { size: number; program: SizedProgram }[] = [];
  const dispose = async () => {
    for (const { program } of programs) await program.dispose();
  };
  try {
    for (const size of batchSizes(largest)) {
      const program = await make(size);
      programs.push({ size, program });
      await program.run([zeros]);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    async run(rows: readonly TensorRecord[]): Promise<Float32Array[]> {
      const fitting = programs.find(({ size }) => size >= rows.length);
      if (!fitting) throw new Error(`a batch of ${rows.length} rows; the largest is ${largest}`);
      const data = await fitting.program.run(rows);
      const width = data.length / rows.length;
      return rows.map((_, row) => data.subarray(row * width, (row + 1) * width));
    },
    dispose,
  };
}
