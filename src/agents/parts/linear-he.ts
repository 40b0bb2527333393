import { filled, type Rng, sizeOf, type Tensor } from "../../array/index.ts";
import { affine } from "../../layers/linear.ts";

/** Weights and biases of a linear layer or a convolution. */
export type WeightAndBias<Leaf> = { readonly weight: Leaf; readonly bias: Leaf };

/**
 * He's normal weights over the fan-in, biases of 0. He et al. 2015, https://arxiv.org/abs/1502.01852
 * @param shape outputs first
 * @param gain √2 before a ReLU
 */
export const he = (rng: Rng, shape: readonly number[], gain = Math.SQRT2): WeightAndBias<Tensor> => ({
  weight: rng.normals(shape, gain / Math.sqrt(sizeOf(shape.slice(1)))),
  bias: filled([shape[0]!], 0),
});

/** A linear layer with He's weights: `x · weightᵀ + bias`, weight `[output, input]`. */
export const linearHe = (input: number, output: number, gain = 1) => ({
  init: (rng: Rng): WeightAndBias<Tensor> => he(rng, [output, input], gain),
  apply: affine,
});
