import { type Array, np } from "../../array/index.ts";

/**
 * 1 at the index and 0 elsewhere, `[…, count]`: rows are looked up by a product with it, whose gradient needs no scatter.
 * A comparison: jax-js' own `oneHot` keeps a table of count × count.
 * @param indices int32 `[…]`
 */
export const oneHot = (indices: Array, count: number): Array =>
  np.where(np.equal(np.expandDims(indices, -1), np.arange(count)), 1, 0);
