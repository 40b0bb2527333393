import { type Array, filled, np, type Rng, type Tensor } from "../array/index.ts";
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
 * How weights start: a normal of deviation 0.02 cut at two deviations (timm's ViT), or uniform between ± √(6 / (input +
 * output)) (Glorot & Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html), as in MAE.
 */
export type InitialWeights = "truncated-normal" | "xavier";

export interface LinearOptions {
  readonly initial?: InitialWeights | undefined;
  /** Layers that the weight is made of, one below the other; the limits of `xavier` are each one's own. */
  readonly parts?: number;
}

/**
 * `x · weightᵀ + bias` over the last axis; weight `[output, input]`, as PyTorch keeps it.
 * Weights start as a normal of deviation 0.02 cut at two deviations, unless `initial` says otherwise; the bias starts at 0.
 */
export const linear = (input: number, output: number, { initial, parts = 1 }: LinearOptions = {}) => ({
  init: (rng: Rng) => ({
    weight:
      initial === "xavier"
        ? xavier(rng, [output, input], input + output / parts)
        : rng.truncatedNormal([output, input], 0.02),
    bias: filled([output], 0),
  }),
  apply: affine,
});

/** Xavier's uniform numbers. @param fans inputs and outputs of a layer together */
export const xavier = (rng: Rng, shape: readonly number[], fans: number): Tensor =>
  rng.uniforms(shape, -Math.sqrt(6 / fans), Math.sqrt(6 / fans));

/** A linear layer without bias, to be followed by a norm; He's normal initialisation over the fan-in. */
export const linearNoBias = (input: number, output: number) => ({
  init: (rng: Rng) => ({ weight: rng.normals([output, input], Math.sqrt(2 / input)) }),
  apply: affine,
});
