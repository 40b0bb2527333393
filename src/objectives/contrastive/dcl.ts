import { type Array, nn, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";
import { normalize } from "../parts/normalize.ts";

/**
 * Decoupled contrastive loss: NT-Xent without the positive pair in the denominator. Yeh et al. 2021, equation 6,
 * https://arxiv.org/abs/2110.06848
 *
 * Each of the 2N rows is drawn to its partner and pushed from the other samples' rows in both views, by cosine similarity
 * over `temperature`; the mean over all rows, where the paper sums. The positives are left out exactly; a third party's code
 * (https://github.com/raminnakhli/Decoupled-Contrastive-Learning) multiplies them by 1e-45.
 * @param z0 `[N, dim]`, normalised here
 * @param z1 `[N, dim]`, row i the partner of row i of `z0`; normalised here
 * @returns scalar
 */
export function dcl(z0: Array, z1: Array, { temperature }: { temperature: number }): Array {
  const [first, second] = [normalize(z0), normalize(z1)];
  const pull = np.mean(np.multiply(np.sum(np.multiply(first, second), -1), 1 / temperature));
  return np.subtract(push(first, second, temperature), pull);
}

/**
 * The mean over the 2N rows of log Σ exp(similarity / temperature), the sum over the other samples' rows in both views.
 * @param z0 `[N, dim]`, rows of length 1
 * @param z1 `[N, dim]`, rows of length 1
 * @returns scalar
 */
export function push(z0: Array, z1: Array, temperature: number): Array {
  const z = np.concatenate([z0, z1], 0);
  const half = onDiagonal(z0.shape[0]!);
  const rows = np.concatenate([half, half], 0);
  const isOwn = np.concatenate([rows, rows], 1);
  const similarity = np.multiply(np.matmul(z, np.transpose(z)), 1 / temperature);
  return np.mean(nn.logsumexp(np.where(isOwn, -1e9, similarity), -1));
}
