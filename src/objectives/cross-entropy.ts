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
  return np.negative(np.mean(logLikelihoods(logits, labels)));
}

/**
 * The same over some rows only: the mean weighted by `weights` `[rows]`, 0 for padding and for places that were not
 * masked. 0 where every weight is.
 */
export function weightedCrossEntropy(logits: Array, labels: Array, weights: Array): Array {
  return np.negative(weightedMean(logLikelihoods(logits, labels), weights));
}

/** The logarithm of the probability of each row's label, `[rows]`. */
export const logLikelihoods = (logits: Array, labels: Array): Array =>
  np.sum(np.where(atLabels(labels, logits.shape[1]!), nn.logSoftmax(logits, -1), 0), -1);

/** Mean of `values` by `weights`, arrays of one shape; 0 where every weight is. */
export const weightedMean = (values: Array, weights: Array): Array =>
  np.multiply(np.sum(np.multiply(values, weights)), np.reciprocal(np.maximum(np.sum(weights), 1e-6)));

/** 1 for rows whose largest logit is at the label, `[rows]`. */
const hits = (logits: Array, labels: Array): Array => {
  const atLabel = np.sum(np.where(atLabels(labels, logits.shape[1]!), logits, 0), -1);
  return np.where(np.greaterEqual(atLabel, np.max(logits, -1)), 1, 0);
};

/** Share of rows whose largest logit is at the label, scalar in [0, 1]. */
export const accuracy = (logits: Array, labels: Array): Array => np.mean(hits(logits, labels));

/** The same, weighted. */
export const weightedAccuracy = (logits: Array, labels: Array, weights: Array): Array =>
  weightedMean(hits(logits, labels), weights);
