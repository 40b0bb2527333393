import { type Array, lax, np, type Rng, withDerivative } from "../../array/index.ts";
import { affine, type LinearParams } from "../../layers/linear.ts";

/**
 * A linear layer as agents' published code has it: weight and bias start uniform within ±1/√input, PyTorch's default.
 * `x · weightᵀ + bias`, weight `[output, input]`.
 */
export const dense = (input: number, output: number) => {
  const bound = 1 / Math.sqrt(input);
  return {
    init: (rng: Rng) => ({
      weight: rng.split("weight").uniforms([output, input], -bound, bound),
      bias: rng.split("bias").uniforms([output], -bound, bound),
    }),
    apply: affine,
  };
};

/** Linear layers with an activation after each but the last. @param widths input, hidden …, output */
export function denseStack(widths: readonly number[], activation: (x: Array) => Array) {
  const layers = widths.slice(1).map((width, at) => dense(widths[at]!, width));
  return {
    init: (rng: Rng) => layers.map((layer, at) => layer.init(rng.split(at))),
    apply: (params: readonly LinearParams[], x: Array): Array =>
      layers.reduce((input, layer, at) => {
        const output = layer.apply(params[at]!, input);
        return at === layers.length - 1 ? output : activation(output);
      }, x),
  };
}

/** x over the mean of its absolute values along the last axis: SALE's normalisation, https://arxiv.org/abs/2306.02451 */
export function avgL1Norm(input: Array): Array {
  const x = lax.stopGradient(input);
  // jax-js computes an absolute value, and its derivative, by `where`, which is slower.
  const mean = withDerivative(np.mean(np.maximum(x, np.negative(x)), -1, { keepdims: true }), input, (change) => {
    const sign = np.subtract(np.multiply(np.greater(x, 0).astype(np.float32), 2), 1);
    return np.mean(np.multiply(change, sign), -1, { keepdims: true });
  });
  return np.multiply(input, np.reciprocal(np.maximum(mean, 1e-8)));
}
