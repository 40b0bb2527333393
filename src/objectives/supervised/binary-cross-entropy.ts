import { type Array, np } from "../../array/index.ts";
import { weightedMean } from "./cross-entropy.ts";

/** −y·log σ(x) − (1 − y)·log(1 − σ(x)) of every value, without a logarithm of 0 or an exponential that overflows. */
export function binaryCrossEntropies(logits: Array, targets: Array | number): Array {
  const softplus = np.add(np.maximum(logits, 0), np.log(np.add(1, np.exp(np.negative(np.abs(logits))))));
  return np.subtract(softplus, np.multiply(logits, targets));
}

/**
 * Binary cross-entropy with logits, the (weighted) mean over all values.
 * @param logits any shape, above 0 for the positive class
 * @param targets the same shape, each in [0, 1]; or one number for all
 * @param options.weights the same shape or one that it broadcasts to, none negative
 * @returns scalar
 */
export function binaryCrossEntropy(
  logits: Array,
  targets: Array | number,
  { weights }: { weights?: Array } = {},
): Array {
  return weightedMean(binaryCrossEntropies(logits, targets), weights && np.broadcastTo(weights, logits.shape));
}
