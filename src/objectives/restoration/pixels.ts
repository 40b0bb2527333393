import { type Array, np } from "../../array/index.ts";
import { binaryCrossEntropies } from "../supervised/binary-cross-entropy.ts";

/**
 * Mean squared error over all values or, with weights, Σ w (x̂ − x)² over the number of values with a weight above 0. With
 * a larger weight along the border of a filled hole it is the reconstruction loss of context encoders, as in the authors'
 * code. Pathak et al. 2016, https://arxiv.org/abs/1604.07379
 * @param prediction `[batch, channels, height, width]`
 * @param target the same shape
 * @param options.weights `[batch, 1, height, width]`, at least 0, or the same shape as the target; no gradient
 * @returns scalar
 */
export function squaredError(prediction: Array, target: Array, { weights }: { weights?: Array } = {}): Array {
  const squares = np.square(np.subtract(prediction, target));
  if (!weights) return np.mean(squares);
  const spread = np.broadcastTo(weights, prediction.shape);
  const counted = np.sum(np.where(np.greater(spread, 0), 1, 0));
  return np.multiply(np.sum(np.multiply(squares, spread)), np.reciprocal(np.maximum(counted, 1)));
}

/**
 * −log p(x | z) of pixels that are independent Bernoulli variables, in nats, summed over an image, the mean over the batch:
 * the reconstruction term of VAE and β-VAE.
 * @param logits `[batch, …]`, of the probability of 1
 * @param target the same shape, values in [0, 1]
 * @returns scalar
 */
export function bernoulliNll(logits: Array, target: Array): Array {
  const perValue = binaryCrossEntropies(logits, target);
  return np.mean(np.sum(np.reshape(perValue, [perValue.shape[0]!, -1]), -1));
}

/**
 * −log p(x | z) of Gaussian pixels of unit variance, without its constant: ½ Σ (x̂ − x)² over an image, the mean over the
 * batch.
 * @param prediction `[batch, …]`
 * @param target the same shape
 * @returns scalar
 */
export function gaussianNll(prediction: Array, target: Array): Array {
  const squares = np.square(np.subtract(prediction, target));
  return np.multiply(np.mean(np.sum(np.reshape(squares, [squares.shape[0]!, -1]), -1)), 0.5);
}
