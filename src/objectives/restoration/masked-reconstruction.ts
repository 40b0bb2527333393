import { type Array, np } from "../../array/index.ts";

/**
 * Mean squared error over the masked patches only. MAE, He et al. 2021, https://arxiv.org/abs/2111.06377
 * @param prediction `[batch, patches, values]`
 * @param target `[batch, patches, values]`
 * @param mask `[batch, patches]`, 1 for masked patches
 * @returns scalar
 */
export function maskedReconstruction(prediction: Array, target: Array, mask: Array): Array {
  const perPatch = np.mean(np.square(np.subtract(prediction, target)), -1);
  return np.multiply(np.sum(np.multiply(perPatch, mask)), np.reciprocal(np.sum(mask)));
}

/**
 * Mean and deviation of each patch (of the unbiased variance + 1e-6, as in MAE's code), `[batch, patches, 1]` each.
 * @param patches `[batch, patches, values]`
 */
export function patchMoments(patches: Array): { mean: Array; deviation: Array } {
  const values = patches.shape.at(-1)!;
  const mean = np.mean(patches, -1, { keepdims: true });
  const squares = np.sum(np.square(np.subtract(patches, mean)), -1, { keepdims: true });
  return { mean, deviation: np.sqrt(np.add(np.multiply(squares, 1 / (values - 1)), 1e-6)) };
}

/**
 * Each patch normalised by its own mean and deviation.
 * @param patches `[batch, patches, values]`
 */
export function normalizePatches(patches: Array): Array {
  const { mean, deviation } = patchMoments(patches);
  return np.multiply(np.subtract(patches, mean), np.reciprocal(deviation));
}
