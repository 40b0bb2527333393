import { type Array, filled, np } from "../array/index.ts";

/** The last axis at mean 0 and variance 1 (biased, + epsilon): a layer norm without scale and shift. */
export function standardize(x: Array, epsilon = 1e-5): Array {
  const centred = np.subtract(x, np.mean(x, -1, { keepdims: true }));
  const variance = np.mean(np.square(centred), -1, { keepdims: true });
  return np.multiply(centred, np.reciprocal(np.sqrt(np.add(variance, epsilon))));
}

/**
 * Layer normalisation over the last axis, with scale and shift. Ba et al. 2016, https://arxiv.org/abs/1607.06450
 * @param epsilon 1e-6 in timm's and Hugging Face's ViT; PyTorch's default is 1e-5
 */
export const layerNorm = (width: number, epsilon = 1e-6) => ({
  init: () => ({ scale: filled([width], 1), shift: filled([width], 0) }),
  apply: (params: { scale: Array; shift: Array }, x: Array): Array =>
    np.add(np.multiply(standardize(x, epsilon), params.scale), params.shift),
});
