import { type Array, nn, np } from "../../array/index.ts";

/**
 * TS-TCC's temporal contrast: for every step ahead, the cross-entropy of identifying each sample's prediction among those of
 * the batch, by dot product with what came; the mean over steps and samples. Eldele et al. 2021, equation 1,
 * https://arxiv.org/abs/2106.14112, in the direction of the authors' code (https://github.com/emadeldeen24/TS-TCC): predictions
 * compete for what came, where the paper's equation has it the other way round.
 * @param predicted `[batch, steps, dim]`
 * @param actual `[batch, steps, dim]`
 * @returns scalar
 */
export function futureContrast(predicted: Array, actual: Array): Array {
  const logits = np.matmul(np.transpose(actual, [1, 0, 2]), np.transpose(predicted, [1, 2, 0]));
  const own = np.transpose(np.sum(np.multiply(predicted, actual), -1));
  return np.mean(np.subtract(nn.logsumexp(logits, -1), own));
}
