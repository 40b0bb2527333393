import * as z from "zod";
import { type Array, np, type Rng, type Tensor, type Traced } from "../array/index.ts";
import * as bounds from "../foundation/bounds.ts";
import { conv1d } from "../layers/conv.ts";
import { dropout } from "../layers/functions/dropout.ts";
import { gelu } from "../layers/functions/gelu.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { linear } from "../layers/linear.ts";
import { tokens } from "./abilities.ts";
import { type EncodeOptions, encoder, type Inputs } from "./encoder.ts";
import { gridInput } from "./grid-input.ts";

/** PyTorch's default: uniform within ± 1 / √fan-in, biases too. Wider weights would grow from block to block: there is no norm. */
const drawn = (rng: Rng, weight: readonly number[]): { weight: Tensor; bias: Tensor } => {
  const [output = 1, ...fan] = weight;
  const bound = 1 / Math.sqrt(fan.reduce((product, extent) => product * extent, 1));
  return {
    weight: rng.split("weight").uniforms(weight, -bound, bound),
    bias: rng.split("bias").uniforms([output], -bound, bound),
  };
};

/**
 * Dilated convolutions over time, without strides: TS2Vec's encoder, a token for every step.
 * Yue et al. 2021, https://arxiv.org/abs/2106.10466
 *
 * Reads one tensor `[batch, channels, length]` of any length, and `mask` `[batch, length]` or `[batch, channels, length]`
 * if the data have one: 0 where values are missing. A linear layer gives every step `width` values, which are 0 where all
 * channels are missing; then residual
 * blocks of GELU, convolution, GELU, convolution, block i with dilation 2ⁱ: `depth` of them, and as in the authors' code
 * one more that widens to `outputDim`. The representation is the maximum over time. Parameters: `project`,
 * `blocks.N.{conv1,conv2}`, `blocks.N.residual` of the last, each with `weight` and `bias`. Differs from the paper: steps
 * that are missing do not take part in the maximum, and of several channels all must be missing, not any.
 */
export const dilated = encoder({
  name: "dilated",
  paper: "https://arxiv.org/abs/2106.10466",
  reads: { "*": 2 },
  abilities: [tokens],
  options: z.object({
    width: bounds.width().default(64).describe("channels of the residual blocks"),
    outputDim: bounds.width().default(320).describe("width of a token and of the representation"),
    depth: z.int().min(1).max(20).default(10).describe("residual blocks before the last; block i has dilation 2^i"),
    kernel: z.int().min(1).max(512).default(3).describe("extent of each convolution"),
    pooling: z.enum(["max", "mean"]).default("max").describe("representation: maximum or mean of the tokens"),
    dropout: z.number().min(0).lt(1).default(0.1).describe("share of the output dropped in training"),
  }),

  build(options, specs) {
    const { name, channels, extents } = gridInput(specs, "encoder dilated", [1, 1]);
    const [length = 0] = extents;
    const { width, outputDim, depth, kernel } = options;
    const maskAxes = specs.mask?.shape.length;
    const project = linear(channels, width);
    const blocks = globalThis.Array.from({ length: depth + 1 }, (_, index) => {
      const [output, dilation] = [index === depth ? outputDim : width, 2 ** index];
      const same = { dilation, padding: "same", bias: true } as const;
      return {
        output,
        conv1: conv1d(width, output, kernel, same),
        conv2: conv1d(output, output, kernel, same),
        residual: index === depth ? conv1d(width, output, 1, { bias: true }) : undefined,
      };
    });

    const init = (rng: Rng) => ({
      project: drawn(rng.split("project"), [width, channels]),
      blocks: blocks.map(({ output, residual }, index) => {
        const of = rng.split("block", index);
        return {
          conv1: drawn(of.split("conv1"), [output, width, kernel]),
          conv2: drawn(of.split("conv2"), [output, output, kernel]),
          ...(residual ? { residual: drawn(of.split("residual"), [output, width, 1]) } : {}),
        };
      }),
    });
    type DilatedParams = Traced<ParamsOf<{ init: typeof init }>>;

    /** 1 where any channel has a value, `[batch, length, 1]`. */
    const presence = ({ mask }: Inputs): Array | undefined => {
      if (!mask || maskAxes === undefined || maskAxes > 2) return undefined;
      const ofSteps = maskAxes === 2 ? np.max(mask, 1) : mask;
      return np.where(np.greater(np.reshape(ofSteps, [...ofSteps.shape, 1]), 0), 1, 0);
    };

    const embedded = (params: DilatedParams, inputs: Inputs, { keep, masked, attentionBias }: EncodeOptions): Array => {
      const x = inputs[name];
      if (!x) throw new Error(`dilated: no ${name} among the inputs`);
      if (keep || attentionBias) throw new Error("dilated: its tokens cannot be dropped; mask them");
      const every = project.apply(params.project, np.transpose(x, [0, 2, 1]));
      const present = presence(inputs);
      const seen = present ? np.multiply(every, present) : every;
      if (!masked) return seen;
      const hidden = np.reshape(masked.at, [...masked.at.shape, 1]);
      return np.add(np.multiply(np.subtract(1, hidden), seen), np.multiply(hidden, masked.token));
    };

    const encode = (params: DilatedParams, inputs: Inputs, encodeOptions: EncodeOptions = {}): Array => {
      let x = np.transpose(embedded(params, inputs, encodeOptions), [0, 2, 1]);
      for (const [index, { conv1, conv2, residual }] of blocks.entries()) {
        const weights = params.blocks[index]!;
        const kept = residual && weights.residual ? residual.apply(weights.residual, x) : x;
        x = np.add(kept, conv2.apply(weights.conv2, gelu(conv1.apply(weights.conv1, gelu(x)))));
      }
      return dropout(np.transpose(x, [0, 2, 1]), options.dropout);
    };

    const pooled = (x: Array, inputs: Inputs): Array => {
      const present = presence(inputs);
      if (!present) return options.pooling === "max" ? np.max(x, 1) : np.mean(x, 1);
      const count = np.sum(present, 1);
      if (options.pooling === "mean")
        return np.multiply(np.sum(np.multiply(x, present), 1), np.reciprocal(np.maximum(count, 1)));
      // Nothing but missing values has the representation 0.
      return np.where(np.greater(count, 0), np.max(np.where(np.greater(present, 0), x, -1e9), 1), 0);
    };

    return {
      name: "dilated",
      embedDim: outputDim,
      init,
      apply: (params: DilatedParams, inputs: Inputs) => pooled(encode(params, inputs), inputs),
      hidden: (params: DilatedParams, inputs: Inputs) => encode(params, inputs),
      tokens: {
        ...{ count: length, width: outputDim, embeddingWidth: width, prefix: 0, encode },
        // The others are narrower.
        blocks: (params: DilatedParams, inputs: Inputs, encodeOptions?: EncodeOptions) => [
          encode(params, inputs, encodeOptions),
        ],
      },
      hyperparameters: { width, outputDim, depth, kernel, pooling: options.pooling, channels, size: length },
    };
  },
});
