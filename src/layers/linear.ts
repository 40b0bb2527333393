import { type Array, filled, np, type Rng } from "../array/index.ts";
import { type LoraParams, lowRank } from "./lora.ts";

export interface LinearParams {
  readonly weight: Array;
  readonly bias: Array;
}

/** `x · weightᵀ`, plus the LoRA term and the bias if there are any. */
export const affine = (params: { weight: Array; bias?: Array } & Partial<LoraParams>, x: Array): Array => {
  const { weight, bias, loraA, loraB } = params;
  const product = np.matmul(x, np.transpose(weight));
  const sum = loraA && loraB ? np.add(product, lowRank({ loraA, loraB }, x)) : product;
  return bias ? np.add(sum, bias) : sum;
};

/**
 * `x · weightᵀ + bias` over the last axis; weight `[output, input]`, as PyTorch keeps it.
 * Weights start as a normal of deviation 0.02 cut at two deviations (timm's ViT); the bias starts at 0.
 */
export const linear = (input: number, output: number) => ({
  init: (rng: Rng) => ({ weight: rng.truncatedNormal([output, input], 0.02), bias: filled([output], 0) }),
  apply: affine,
});

/** A linear layer without bias, to be followed by a norm; He's normal initialisation over the fan-in. */
export const linearNoBias = (input: number, output: number) => ({
  init: (rng: Rng) => ({ weight: rng.normals([output, input], Math.sqrt(2 / input)) }),
  apply: affine,
});
