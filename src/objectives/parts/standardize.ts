import { type Array, np } from "../../array/index.ts";

/** Each feature with the batch's mean 0 and variance 1 (biased variance + 1e-5, as BatchNorm has it), `[N, dim]` → the same. */
export function standardize(z: Array): Array {
  const centred = np.subtract(z, np.mean(z, 0));
  return np.multiply(centred, np.reciprocal(np.sqrt(np.add(np.mean(np.square(centred), 0), 1e-5))));
}
