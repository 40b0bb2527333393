import { type Array, nn, np } from "../array/index.ts";

/** True at each row's label, `[rows, classes]`. A comparison: jax-js' `oneHot` keeps a table of classes × classes. */
const atLabels = (labels: Array, classes: number): Array => np.equal(np.reshape(labels, [-1, 1]), np.arange(classes));

/**
 * Softmax cross-entropy with class indices, the mean over rows.
 * @param logits `[rows, classes]`
 * @param labels int32 `[rows]`, each in 0 … classes − 1
 * @returns scalar
 */
export function crossEntropy(logits: Array, labels: Array): Array {
  const chosen = np.sum(np.where(atLabels(labels, logits.shape[1]!), nn.logSoftmax(logits, -1), 0), -1);
  return np.negative(np.mean(chosen));
}

/** Share of rows whose largest logit is at the label, scalar in [0, 1]. */
export const accuracy = (logits: Array, labels: Array): Array => {
  const atLabel = np.sum(np.where(atLabels(labels, logits.shape[1]!), logits, 0), -1);
  return np.mean(np.where(np.greaterEqual(atLabel, np.max(logits, -1)), 1, 0));
};
