import { type Array, nn, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";

/**
 * Decoupled contrastive loss: NT-Xent without the positive pair in the denominator. Yeh et al. 2021, equation 6,
 * https://arxiv.org/abs/2110.06848
 *
 * As in the released code (https://github.com/raminnakhli/Decoupled-Contrastive-Learning) this is one way, from `z0` to
 * `z1`, and the mean over rows where the paper sums; a method adds `dcl(z1, z0, …)`. It expects unit rows and does not
 * normalise. The positives are left out exactly; the code multiplies them by 1e-45.
 * @param z0 `[N, dim]`, rows of length 1
 * @param z1 `[N, dim]`, rows of length 1; row i the partner of row i of `z0`
 * @returns scalar
 */
export const dcl = (z0: Array, z1: Array, { temperature }: { temperature: number }): Array =>
  np.mean(np.subtract(negatives(z0, z1, temperature), np.multiply(np.sum(np.multiply(z0, z1), -1), 1 / temperature)));

/** For each row of `z0`, the logarithm of Σ exp(similarity / temperature) over the other samples' rows in both views, `[N]`. */
export function negatives(z0: Array, z1: Array, temperature: number): Array {
  const isOwn = onDiagonal(z0.shape[0]!);
  const toOthers = (z: Array) => np.where(isOwn, -1e9, np.multiply(np.matmul(z0, np.transpose(z)), 1 / temperature));
  return nn.logsumexp(np.concatenate([toOthers(z0), toOthers(z1)], 1), -1);
}
