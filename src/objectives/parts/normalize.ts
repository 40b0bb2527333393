import { type Array, np } from "../../array/index.ts";

/** Rows scaled to unit length, `[rows, dim]` → the same; rows of zeros stay zeros. */
export const normalize = (z: Array): Array =>
  np.multiply(z, np.reciprocal(np.sqrt(np.add(np.sum(np.square(z), -1, { keepdims: true }), 1e-12))));
