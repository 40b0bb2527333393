import { type Array, constant, int32, np } from "../../array/index.ts";

/**
 * One-hot codes of several columns, one column after the other. A product with them looks rows up in one table of all columns
 * and sums over the columns; its gradient needs no scatter.
 * @param sizes number of codes of each column
 */
export function columnCodes(sizes: readonly number[]) {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  // Of each row of the table, the column that it is of, and the code in it.
  const columnOf = Int32Array.from(sizes.flatMap((size, column) => globalThis.Array<number>(size).fill(column)));
  const codeOf = Int32Array.from(sizes.flatMap((size) => [...globalThis.Array<number>(size).keys()]));
  return {
    /** Codes of all columns. */
    total,
    /**
     * @param codes int32 `[…, columns]`
     * @returns `[…, codes of all columns]`
     */
    oneHot: (codes: Array): Array =>
      np.where(
        np.equal(np.take(codes, constant(int32(columnOf, [total])), -1), constant(int32(codeOf, [total]))),
        1,
        0,
      ),
  };
}
