import { type Array, np } from "../../array/index.ts";
import { weightedMean } from "../supervised/cross-entropy.ts";

/**
 * Smooth L1 (Huber's loss over β): d² / 2β where |d| < β, else |d| − β / 2; the mean over all values.
 * Girshick 2015, https://arxiv.org/abs/1504.08083, with the β of PyTorch and of data2vec,
 * https://arxiv.org/abs/2202.03555
 * @param prediction any shape
 * @param target the same shape
 * @param options.beta where the square becomes linear, > 0; 1 in I-JEPA
 * @param options.weights of the rows, the shape without its last axis, for a weighted mean over rows
 * @returns scalar
 */
export function smoothL1(
  prediction: Array,
  target: Array,
  { beta, weights }: { beta: number; weights?: Array },
): Array {
  const distance = np.abs(np.subtract(prediction, target));
  // The part of the distance below β is squared, the part above it linear: no branch, and no 0/0 at 0.
  const near = np.minimum(distance, beta);
  const each = np.add(np.multiply(np.square(near), 0.5 / beta), np.subtract(distance, near));
  return weights ? weightedMean(np.mean(each, -1), weights) : np.mean(each);
}
