import { type Array, constant, int32, np, type Rng } from "../array/index.ts";

/**
 * The columns of a table as vectors: `value · weight + row of the code`, for numbers and for categories alike. A number's
 * codes say whether it is there, a category's value is 0. Gorishniy et al. 2021, https://arxiv.org/abs/2106.11959, section 3.3.
 * Parameters: `weight` `[columns, width]`, `table` `[codes of all columns, width]`.
 * @param sizes number of codes of each column
 * @param width of a vector
 */
export function columnTokens(sizes: readonly number[], width: number) {
  const starts = new Int32Array(sizes.length);
  let total = 0;
  sizes.forEach((size, column) => {
    starts[column] = total;
    total += size;
  });
  // Of each row of the table, the column that it is of, and the code in it.
  const columnOf = int32(
    Int32Array.from(sizes.flatMap((size, column) => globalThis.Array<number>(size).fill(column))),
    [total],
  );
  const codeOf = int32(Int32Array.from(sizes.flatMap((size) => [...globalThis.Array<number>(size).keys()])), [total]);
  /** One-hot codes of all columns, one after the other, `[batch, codes of all columns]`. */
  const oneHots = (codes: Array): Array =>
    np.where(np.equal(np.take(codes, constant(columnOf), 1), constant(codeOf)), 1, 0);
  /** Rows of the table, `[batch, columns, width]`. */
  const rows = (table: Array, codes: Array): Array =>
    np.take(table, np.add(codes, constant(int32(starts, [sizes.length]))), 0);
  return {
    /** @param bound weights and rows are uniform between − bound and bound */
    init: (rng: Rng, bound: number) => ({
      weight: rng.split("weight").uniforms([sizes.length, width], -bound, bound),
      table: rng.split("codes").uniforms([total, width], -bound, bound),
    }),
    /**
     * @param values `[batch, columns]`
     * @param codes int32 `[batch, columns]`
     * @returns `[batch, columns, width]`
     */
    apply({ weight, table }: { readonly weight: Array; readonly table: Array }, values: Array, codes: Array): Array {
      return np.add(np.multiply(np.expandDims(values, 2), weight), rows(table, codes));
    },
    /** Their sum over the columns, `[batch, width]`: what a linear layer makes of numbers and one-hot categories. */
    sum({ weight, table }: { readonly weight: Array; readonly table: Array }, values: Array, codes: Array): Array {
      return np.add(np.matmul(values, weight), np.matmul(oneHots(codes), table));
    },
  };
}
