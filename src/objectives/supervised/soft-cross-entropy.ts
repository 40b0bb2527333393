import { type Array, nn, np } from "../../array/index.ts";

/**
 * Cross-entropy with soft targets, each row weighted by its most likely class: −Σ w Σ_q Z_q log softmax_q,
 * over the number of rows. Equation 2 of Zhang et al. 2016, https://arxiv.org/abs/1603.08511; without weights, the usual
 * soft cross-entropy.
 * @param logits `[rows, classes]`
 * @param targets `[rows, classes]`, each row a distribution; a row with several most likely classes takes their mean weight
 * @param options.weights `[classes]`
 * @returns scalar
 */
export function softCrossEntropy(logits: Array, targets: Array, { weights }: { weights?: Array } = {}): Array {
  const perRow = np.negative(np.sum(np.multiply(targets, nn.logSoftmax(logits, -1)), -1));
  if (!weights) return np.mean(perRow);
  const likeliest = np.where(np.greaterEqual(targets, np.max(targets, -1, { keepdims: true })), 1, 0);
  const weight = np.multiply(np.matmul(likeliest, weights), np.reciprocal(np.sum(likeliest, -1)));
  return np.mean(np.multiply(perRow, weight));
}
