import { type Array, filled, np } from "../array/index.ts";

/**
 * Layer normalisation over the last axis, with scale and shift. Ba et al. 2016, https://arxiv.org/abs/1607.06450
 * @param epsilon 1e-6 in timm's and Hugging Face's ViT; PyTorch's default is 1e-5
 */
export const layerNorm = (width: number, epsilon = 1e-6) => ({
  init: () => ({ scale: filled([width], 1), shift: filled([width], 0) }),
  apply(params: { scale: Array; shift: Array }, x: Array): Array {
    const centred = np.subtract(x, np.mean(x, -1, { keepdims: true }));
    const variance = np.mean(np.square(centred), -1, { keepdims: true });
    const inverse = np.reciprocal(np.sqrt(np.add(variance, epsilon)));
    return np.add(np.multiply(np.multiply(centred, inverse), params.scale), params.shift);
  },
});
