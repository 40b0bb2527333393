import { type Array, np } from "../../array/index.ts";
import { weightedMean } from "./cross-entropy.ts";

/** −y·log σ(x) − (1 − y)·log(1 − σ(x)) of every value, without a logarithm of 0 or an exponential that overflows. */
export function binaryCrossEntropies(logits: Array, targets: Array | number): Array {
  const softplus = np.add(np.maximum(logits, 0), np.log(np.add(1, np.exp(np.negative(np.abs(logits))))));
  return np.subtract(softplus, np.multiply(logits, targets));
}

/** Logits, and of each whether it counts: of the same shape, none negative. */
export interface WeightedScores {
  readonly scores: Array;
  readonly weights: Array;
}

/**
 * Mean of two shares, scalar in [0, 1]: of the positives with a logit above 0, and of the negatives with one below. Chance is
 * 0.5, however many of each there are.
 */
export function balancedAccuracy(positive: WeightedScores, negative: WeightedScores): Array {
  const right = weightedMean(np.where(np.greater(positive.scores, 0), 1, 0), positive.weights);
  const wrong = weightedMean(np.where(np.less(negative.scores, 0), 1, 0), negative.weights);
  return np.multiply(np.add(right, wrong), 0.5);
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
