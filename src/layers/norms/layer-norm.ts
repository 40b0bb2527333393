import { type Array, filled, lax, np, withDerivative } from "../../array/index.ts";

/** The last axis at mean 0 and variance 1 (biased, + epsilon): a layer norm without scale and shift. */
export function standardize(input: Array, epsilon = 1e-5): Array {
  const x = lax.stopGradient(input);
  const centred = np.subtract(x, np.mean(x, -1, { keepdims: true }));
  const variance = np.mean(np.square(centred), -1, { keepdims: true });
  const inverse = np.reciprocal(np.sqrt(np.add(variance, epsilon)));
  const standard = np.multiply(centred, inverse);
  // Shifting or scaling x does not change the result.
  return withDerivative(standard, input, (change) => {
    const mean = (array: Array) => np.mean(array, -1, { keepdims: true });
    const whole = np.negative(mean(change));
    const along = np.negative(mean(np.multiply(change, standard)));
    return np.multiply(np.add(change, np.add(np.multiply(standard, along), whole)), inverse);
  });
}

/**
 * Layer normalisation over the last axis, with scale and, if there is one, shift. Ba et al. 2016, https://arxiv.org/abs/1607.06450
 * @param epsilon 1e-6 in timm's and Hugging Face's ViT; PyTorch's default is 1e-5
 */
export const layerNorm = (width: number, epsilon = 1e-6) => ({
  init: () => ({ scale: filled([width], 1), shift: filled([width], 0) }),
  apply({ scale, shift }: { readonly scale: Array; readonly shift?: Array }, x: Array): Array {
    const scaled = np.multiply(standardize(x, epsilon), scale);
    return shift ? np.add(scaled, shift) : scaled;
  },
});
