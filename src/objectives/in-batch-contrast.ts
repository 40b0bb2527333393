import { type Array, nn, np } from "../array/index.ts";
import { normalize } from "./normalize.ts";

/**
 * SimCSE's loss: each row's partner is to be told among the partners of all rows, by cosine similarity over
 * `temperature`. Gao et al. 2021, equation 1, https://arxiv.org/abs/2104.08821. Unlike NT-Xent it goes one way only, and
 * rows of `z0` are not compared with each other.
 * @param z0 `[N, dim]`
 * @param z1 `[N, dim]`, row i the partner of row i of `z0`
 * @returns scalar
 */
export function inBatchContrast(z0: Array, z1: Array, { temperature }: { temperature: number }): Array {
  const [first, second] = [normalize(z0), normalize(z1)];
  const similarity = np.multiply(np.matmul(first, np.transpose(second)), 1 / temperature);
  const partner = np.multiply(np.sum(np.multiply(first, second), -1), 1 / temperature);
  return np.mean(np.subtract(nn.logsumexp(similarity, -1), partner));
}

/** Share of rows of `z0` that are closest to their own partner, scalar in [0, 1]. */
export function inBatchAccuracy(z0: Array, z1: Array): Array {
  const [first, second] = [normalize(z0), normalize(z1)];
  const partner = np.sum(np.multiply(first, second), -1);
  const best = np.max(np.matmul(first, np.transpose(second)), -1);
  return np.mean(np.where(np.greaterEqual(np.add(partner, 1e-6), best), 1, 0));
}
