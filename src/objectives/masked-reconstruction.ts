import { type Array, np } from "../array/index.ts";

/**
 * Mean squared error over the masked patches only. MAE, He et al. 2021, https://arxiv.org/abs/2111.06377
 * @param prediction `[batch, patches, values]`
 * @param target `[batch, patches, values]`
 * @param mask `[batch, patches]`, 1 where a patch was hidden
 * @returns scalar
 */
export function maskedReconstruction(prediction: Array, target: Array, mask: Array): Array {
  const perPatch = np.mean(np.square(np.subtract(prediction, target)), -1);
  return np.multiply(np.sum(np.multiply(perPatch, mask)), np.reciprocal(np.sum(mask)));
}

/**
 * Each patch with its own mean taken away and divided by its own deviation (unbiased variance + 1e-6, as in MAE's code).
 * @param patches `[batch, patches, values]`
 */
export function normalizePatches(patches: Array): Array {
  const values = patches.shape.at(-1)!;
  const centred = np.subtract(patches, np.mean(patches, -1, { keepdims: true }));
  const variance = np.multiply(np.sum(np.square(centred), -1, { keepdims: true }), 1 / (values - 1));
  return np.multiply(centred, np.reciprocal(np.sqrt(np.add(variance, 1e-6))));
}
