import { type Array, np } from "../../array/index.ts";

/**
 * Mean absolute error over the masked patches only. SimMIM, Xie et al. 2021, https://arxiv.org/abs/2111.09886, as in
 * its code (without the 1e-5 that it adds to the number of masked pixels).
 * @param prediction `[batch, patches, values]`
 * @param target `[batch, patches, values]`
 * @param mask `[batch, patches]`, 1 for masked patches
 * @returns scalar
 */
export function maskedL1(prediction: Array, target: Array, mask: Array): Array {
  const perPatch = np.mean(np.abs(np.subtract(prediction, target)), -1);
  return np.multiply(np.sum(np.multiply(perPatch, mask)), np.reciprocal(np.sum(mask)));
}
