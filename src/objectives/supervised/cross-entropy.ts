import { type Array, lax, np } from "../../array/index.ts";

/**
 * Each row's values at its labels, looked up, so that the gradient is 0 elsewhere.
 * @param values `[rows, classes]`
 * @param labels int32 `[rows]`, or several per row, `[rows, count]`
 * @returns the shape of the labels
 */
export function atLabels(values: Array, labels: Array): Array {
  const [rows, classes] = values.shape as [number, number];
  const firsts = np.reshape(np.multiply(np.arange(rows), classes), [rows, ...labels.shape.slice(1).map(() => 1)]);
  return np.take(np.reshape(values, [-1]), np.add(firsts, labels), 0);
}

/** Mean of `values`, weighted by `weights` of the same shape if given; 0 if all weights are 0. */
export const weightedMean = (values: Array, weights?: Array): Array =>
  weights
    ? np.multiply(np.sum(np.multiply(values, weights)), np.reciprocal(np.maximum(np.sum(weights), 1e-12)))
    : np.mean(values);

/**
 * Softmax cross-entropy with class indices, the mean over rows.
 * @param logits `[rows, classes]`
 * @param labels int32 `[rows]`, each in 0 … classes − 1
 * @param options.weights `[rows]`, none negative, for a weighted mean
 * @returns scalar
 */
export function crossEntropy(logits: Array, labels: Array, { weights }: { weights?: Array } = {}): Array {
  // Without the largest logit, no two large numbers are subtracted, which would lose precision.
  const shifted = np.subtract(logits, lax.stopGradient(np.max(logits, -1, { keepdims: true })));
  return weightedMean(np.subtract(np.log(np.sum(np.exp(shifted), -1)), atLabels(shifted, labels)), weights);
}

/** Share of rows, weighted if there are weights, whose largest logit is at the label, scalar in [0, 1]. */
export const accuracy = (logits: Array, labels: Array, { weights }: { weights?: Array } = {}): Array =>
  weightedMean(np.where(np.greaterEqual(atLabels(logits, labels), np.max(logits, -1)), 1, 0), weights);
