import { type Array, np } from "../../array/index.ts";

/**
 * 1 at the index and 0 elsewhere, `[…, count]`. A product with it looks rows up, and its gradient needs no scatter.
 * Computed by comparison: jax-js' `oneHot` keeps a table of count × count.
 * @param indices int32 `[…]`
 */
export const oneHot = (indices: Array, count: number): Array =>
  np.where(np.equal(np.expandDims(indices, -1), np.arange(count)), 1, 0);
