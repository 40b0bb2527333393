import { type Array, filled, np, type Rng } from "../array/index.ts";

export interface LinearParams {
  readonly weight: Array;
  readonly bias: Array;
}

/** `x · weightᵀ`, plus the bias where there is one. */
const affine = ({ weight, bias }: { weight: Array; bias?: Array }, x: Array): Array => {
  const product = np.matmul(x, np.transpose(weight));
  return bias ? np.add(product, bias) : product;
};

/**
 * `x · weightᵀ + bias` over the last axis; weight `[output, input]`, as PyTorch keeps it.
 * Weights start as a normal of deviation 0.02 cut at two deviations (timm's ViT); the bias starts at 0.
 */
export const linear = (input: number, output: number) => ({
  init: (rng: Rng) => ({ weight: rng.truncatedNormal([output, input], 0.02), bias: filled([output], 0) }),
  apply: affine,
});

/** The same without a bias, for a layer that a normalisation follows; He's normal initialisation over the fan-in. */
export const linearNoBias = (input: number, output: number) => ({
  init: (rng: Rng) => ({ weight: rng.normals([output, input], Math.sqrt(2 / input)) }),
  apply: affine,
});
