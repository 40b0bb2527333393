import { type Array, filled, np, type Rng } from "../array/index.ts";

export interface LinearParams {
  readonly weight: Array;
  readonly bias: Array;
}

/**
 * `x · weightᵀ + bias` over the last axis; weight `[output, input]`, as PyTorch keeps it.
 * Weights start as a normal of deviation 0.02 cut at two deviations (timm's ViT); the bias starts at 0.
 */
export const linear = (input: number, output: number) => ({
  init: (rng: Rng) => ({ weight: rng.truncatedNormal([output, input], 0.02), bias: filled([output], 0) }),
  apply: (params: LinearParams, x: Array): Array => np.add(np.matmul(x, np.transpose(params.weight)), params.bias),
});

/** The same without a bias, for a layer that a normalisation follows; He's normal initialisation over the fan-in. */
export const linearNoBias = (input: number, output: number) => ({
  init: (rng: Rng) => ({ weight: rng.normals([output, input], Math.sqrt(2 / input)) }),
  apply: (params: { weight: Array }, x: Array): Array => np.matmul(x, np.transpose(params.weight)),
});
