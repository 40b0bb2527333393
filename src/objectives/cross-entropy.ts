import { type Array, lax, np } from "../array/index.ts";

/** Each row's value at its label, `[rows, classes]` → `[rows]`: looked up, so that its gradient is nothing elsewhere. */
export function atLabels(values: Array, labels: Array): Array {
  const [rows, classes] = values.shape as [number, number];
  const firsts = np.multiply(np.arange(rows), classes);
  return np.take(np.reshape(values, [-1]), np.add(firsts, np.reshape(labels, [-1])), 0);
}

/**
 * Softmax cross-entropy with class indices, the mean over rows.
 * @param logits `[rows, classes]`
 * @param labels int32 `[rows]`, each in 0 … classes − 1
 * @returns scalar
 */
export function crossEntropy(logits: Array, labels: Array): Array {
  // Taken away first, the largest logit costs the difference of two large numbers no precision.
  const shifted = np.subtract(logits, lax.stopGradient(np.max(logits, -1, { keepdims: true })));
  return np.mean(np.subtract(np.log(np.sum(np.exp(shifted), -1)), atLabels(shifted, labels)));
}

/** Share of rows whose largest logit is at the label, scalar in [0, 1]. */
export const accuracy = (logits: Array, labels: Array): Array => {
  return np.mean(np.where(np.greaterEqual(atLabels(logits, labels), np.max(logits, -1)), 1, 0));
};
