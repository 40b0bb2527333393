import { type Array, float32, np } from "../../array/index.ts";
import { compile } from "../../engine/index.ts";
import { unitRows } from "./normalize.ts";

export interface Vectors {
  /** `[rows, dim]`, of any norm. */
  readonly data: Float32Array;
  readonly rows: number;
}

/** Queries compared at once. */
const CHUNK = 256;

/**
 * The cosines of each query with every row of a bank: `[bank.rows]` for each query, in order.
 * @param dim of both
 */
export async function* cosinesOf(queries: Vectors, bank: Vectors, dim: number): AsyncGenerator<Float32Array> {
  const reference = float32(unitRows(bank.data, bank.rows, dim), [bank.rows, dim]);
  const units = unitRows(queries.data, queries.rows, dim);
  const program = await compile(
    (all: Array, batch: Array) => ({ cosines: np.matmul(batch, np.transpose(all)) }),
    [reference, { dtype: "float32", shape: [CHUNK, dim] }],
    { name: "cosines" },
  );
  try {
    for (let start = 0; start < queries.rows; start += CHUNK) {
      const batch = new Float32Array(CHUNK * dim);
      batch.set(units.subarray(start * dim, Math.min(queries.rows, start + CHUNK) * dim));
      const { cosines } = await program.run(reference, float32(batch, [CHUNK, dim]));
      const { data } = await cosines.read();
      cosines.dispose();
      for (let row = 0; row < Math.min(CHUNK, queries.rows - start); row++)
        yield Float32Array.from(data.subarray(row * bank.rows, (row + 1) * bank.rows));
    }
  } finally {
    await program.dispose();
  }
}
