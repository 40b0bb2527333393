import { type Array, nn, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";
import { normalize } from "../parts/normalize.ts";

/**
 * NT-Xent, the normalised temperature-scaled cross-entropy of SimCLR. Chen et al. 2020, equation 1,
 * https://arxiv.org/abs/2002.05709
 *
 * For each of the 2N rows, the cross-entropy of identifying its partner among the other 2N − 1 by cosine similarity over
 * `temperature`; the mean over all rows.
 * @param z0 `[N, dim]`
 * @param z1 `[N, dim]`, row i the partner of row i of `z0`
 * @returns scalar
 */
export function ntXent(z0: Array, z1: Array, { temperature }: { temperature: number }): Array {
  const n = z0.shape[0]!;
  const z = normalize(np.concatenate([z0, z1], 0));
  const similarity = np.multiply(np.matmul(z, np.transpose(z)), 1 / temperature);
  const others = np.where(onDiagonal(2 * n), -1e9, similarity);
  const partner = np.sum(np.multiply(normalize(z0), normalize(z1)), -1);
  const positives = np.multiply(np.concatenate([partner, partner], 0), 1 / temperature);
  return np.mean(np.subtract(nn.logsumexp(others, -1), positives));
}

/**
 * Share of the 2N rows that are closer to their partner than to any other row, scalar in [0, 1].
 * @param z0 `[N, dim]`
 * @param z1 `[N, dim]`, row i the partner of row i of `z0`
 */
export function contrastiveAccuracy(z0: Array, z1: Array): Array {
  const n = z0.shape[0]!;
  const z = normalize(np.concatenate([z0, z1], 0));
  const similarity = np.matmul(z, np.transpose(z));
  const diagonal = onDiagonal(n);
  const half = np.concatenate([diagonal, diagonal], 0);
  const isSameSample = np.concatenate([half, half], 1);
  const partner = np.max(np.where(np.logicalAnd(isSameSample, np.logicalNot(onDiagonal(2 * n))), similarity, -4), -1);
  const others = np.max(np.where(isSameSample, -4, similarity), -1);
  return np.mean(np.where(np.greater(partner, others), 1, 0));
}
