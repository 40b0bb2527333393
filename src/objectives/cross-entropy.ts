import { type Array, nn, np } from "../array/index.ts";

/** True at each row's label, `[rows, classes]`. A comparison: jax-js' `oneHot` keeps a table of classes × classes. */
const atLabels = (labels: Array, classes: number): Array => np.equal(np.reshape(labels, [-1, 1]), np.arange(classes));

/** The mean, or the mean by weight; 0 where all weights are. */
const meanBy = (values: Array, weights?: Array): Array =>
  weights
    ? np.multiply(np.sum(np.multiply(values, weights)), np.reciprocal(np.maximum(np.sum(weights), 1e-12)))
    : np.mean(values);

/**
 * Softmax cross-entropy with class indices, the mean over rows.
 * @param logits `[rows, classes]`
 * @param labels int32 `[rows]`, each in 0 … classes − 1
 * @param options.weights `[rows]`, none negative: the mean is by weight; rows of weight 0 do not count
 * @returns scalar
 */
export function crossEntropy(logits: Array, labels: Array, { weights }: { weights?: Array } = {}): Array {
  const chosen = np.sum(np.where(atLabels(labels, logits.shape[1]!), nn.logSoftmax(logits, -1), 0), -1);
  return np.negative(meanBy(chosen, weights));
}

/** Share of rows, by weight if there is one, whose largest logit is at the label, scalar in [0, 1]. */
export const accuracy = (logits: Array, labels: Array, { weights }: { weights?: Array } = {}): Array => {
  const atLabel = np.sum(np.where(atLabels(labels, logits.shape[1]!), logits, 0), -1);
  return meanBy(np.where(np.greaterEqual(atLabel, np.max(logits, -1)), 1, 0), weights);
};
