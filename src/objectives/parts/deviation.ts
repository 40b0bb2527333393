import { type Array, np } from "../../array/index.ts";
import { normalize } from "./normalize.ts";

/**
 * How far embeddings are from collapse: the standard deviation over the batch of each feature of the unit rows, times
 * √dim, the mean over features. Near 1 when rows are spread over the sphere, 0 when all are the same (SimSiam, figure 2,
 * https://arxiv.org/abs/2011.10566).
 * @param z `[N, dim]`
 * @returns scalar
 */
export function embeddingDeviation(z: Array): Array {
  const unit = normalize(z);
  const variance = np.mean(np.square(np.subtract(unit, np.mean(unit, 0))), 0);
  return np.multiply(np.mean(np.sqrt(np.add(variance, 1e-12))), Math.sqrt(z.shape[1]!));
}
