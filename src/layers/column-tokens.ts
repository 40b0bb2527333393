import { type Array, constant, int32, np, type Rng } from "../array/index.ts";
import { columnCodes } from "./functions/column-codes.ts";

/**
 * The columns of a table as vectors: `value · weight + row of the code`, for numbers and for categories alike. A number's
 * codes say whether it is there, a category's value is 0. Gorishniy et al. 2021, https://arxiv.org/abs/2106.11959, section 3.3.
 * Parameters: `weight` `[columns, width]`, `table` `[codes of all columns, width]`.
 * @param sizes number of codes of each column
 * @param width of a vector
 */
export function columnTokens(sizes: readonly number[], width: number) {
  const { total, oneHot } = columnCodes(sizes);
  const starts = new Int32Array(sizes.length);
  sizes.slice(1).forEach((_, column) => {
    starts[column + 1] = starts[column]! + sizes[column]!;
  });
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
      return np.add(np.matmul(values, weight), np.matmul(oneHot(codes), table));
    },
  };
}
