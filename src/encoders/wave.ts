import * as z from "zod";
import { type Array, filled, np, type Rng, type Traced } from "../array/index.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { conv1d } from "../layers/conv.ts";
import { dropout } from "../layers/functions/dropout.ts";
import { gelu } from "../layers/functions/gelu.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { linear } from "../layers/linear.ts";
import { groupNorm } from "../layers/norms/group-norm.ts";
import { layerNorm } from "../layers/norms/layer-norm.ts";
import { causalBias } from "../layers/transformer/attention-bias.ts";
import { transformerBlock } from "../layers/transformer/transformer.ts";
import { latents, tokens } from "./abilities.ts";
import { type EncodeOptions, encoder, type Inputs } from "./encoder.ts";
import { gridInput } from "./grid-input.ts";

const sizes = {
  tiny: { convWidth: 64, width: 128, depth: 4, heads: 4 },
  small: { convWidth: 256, width: 384, depth: 6, heads: 6 },
  base: { convWidth: 512, width: 768, depth: 12, heads: 12 },
} as const;

/** Kernel and stride of each convolution of wav2vec 2.0: a feature every 320 samples that sees 400. */
const KERNELS = [10, 3, 3, 3, 3, 2, 2];
const STRIDES = [5, 2, 2, 2, 2, 2, 2];

/** One number for each convolution. */
const convolutions = (usual: readonly number[]) =>
  z
    .array(bounds.side())
    .min(1)
    .max(16)
    .default([...usual]);

/**
 * 1-D convolutions, then a Transformer with a convolution for positions: wav2vec 2.0's encoder, which HuBERT and data2vec
 * share. Baevski et al. 2020, https://arxiv.org/abs/2006.11477
 *
 * Reads one tensor `[batch, channels, length]` of any length that gives at least one feature. As in its base model: a group
 * norm after the first convolution, GELU, no bias; layer norm and a linear layer; positions by a grouped convolution;
 * post-norm blocks. Parameters: `convs.N.weight`, `groupNorm`, `featureNorm`, `project`, `positions.{weight,bias}`,
 * `norm`, `blocks.N.…`. Differs from the paper: the weights of the position convolution are not normalised. With `causal`
 * the first norm is over the channels of each moment, since one over time would show the future.
 */
export const wave = encoder({
  name: "wave",
  paper: "https://arxiv.org/abs/2006.11477",
  reads: { "*": 2 },
  abilities: [tokens, latents],
  options: z.object({
    size: z.enum(["tiny", "small", "base"]).default("tiny").describe("all widths, depth and heads together"),
    convWidth: bounds.width().optional().describe("channels of the convolutions; overrides the size's"),
    width: bounds.width().optional().describe("width of a token; overrides the size's"),
    depth: bounds.depth().optional().describe("number of blocks; overrides the size's"),
    heads: bounds.width().optional().describe("attention heads; overrides the size's"),
    mlpRatio: bounds.ratio().default(4).describe("hidden width of the feed-forward layers over the width"),
    kernels: convolutions(KERNELS).describe("extent of each convolution"),
    strides: convolutions(STRIDES).describe("stride of each convolution"),
    positionKernel: bounds.side().default(128).describe("extent of the convolution for positions, in tokens"),
    positionGroups: bounds.width().default(16).describe("groups of the convolution for positions"),
    causal: z.boolean().default(false).describe("let each token see only itself and those before it"),
    dropout: z.number().min(0).lt(1).default(0).describe("share of activations dropped in training"),
  }),

  build(options, specs) {
    const { name, channels, extents } = gridInput(specs, "encoder wave", [1, 1]);
    const [length = 0] = extents;
    const size = sizes[options.size];
    const { convWidth = size.convWidth, width = size.width, depth = size.depth, heads = size.heads } = options;
    const { kernels, strides, causal, positionKernel, positionGroups } = options;
    if (kernels.length !== strides.length)
      throw new UserError(
        `encoder wave: ${kernels.length} kernels and ${strides.length} strides; give one of each a layer`,
      );
    if (width % heads !== 0)
      throw new UserError(`a width of ${width} cannot be split into ${heads} heads; choose heads that divide it`);
    if (width % positionGroups !== 0)
      throw new UserError(
        `a width of ${width} cannot be split into ${positionGroups} groups; choose --position-groups that divide it`,
      );
    const count = kernels.reduce((long, kernel, layer) => Math.floor((long - kernel) / strides[layer]!) + 1, length);
    if (count < 1)
      throw new UserError(
        `encoder wave: an input of ${length} values is too short for its convolutions; use fewer or smaller strides`,
      );
    const stride = strides.reduce((product, one) => product * one, 1);
    const field = kernels.reduceRight((seen, kernel, layer) => (seen - 1) * strides[layer]! + kernel, 1);

    const convs = kernels.map((kernel, layer) =>
      conv1d(layer === 0 ? channels : convWidth, convWidth, kernel, { stride: strides[layer] }),
    );
    const firstNorm = groupNorm(convWidth, convWidth);
    const featureNorm = layerNorm(convWidth, 1e-5);
    const project = linear(convWidth, width);
    const padding = causal ? "causal" : "same";
    const positions = conv1d(width, width, positionKernel, { groups: positionGroups, padding, bias: true });
    const norm = layerNorm(width, 1e-5);
    const blocks = globalThis.Array.from({ length: depth }, () =>
      transformerBlock({
        width,
        heads,
        mlpRatio: options.mlpRatio,
        norm: "post",
        epsilon: 1e-5,
        dropout: options.dropout,
      }),
    );

    const init = (rng: Rng) => ({
      convs: convs.map((conv, layer) => conv.init(rng.split("conv", layer))),
      groupNorm: firstNorm.init(),
      featureNorm: featureNorm.init(),
      project: project.init(rng.split("project")),
      positions: {
        // wav2vec 2.0's deviation, so that positions do not drown the features.
        weight: rng
          .split("positions")
          .normals([width, width / positionGroups, positionKernel], Math.sqrt(4 / (positionKernel * width))),
        bias: filled([width], 0),
      },
      norm: norm.init(),
      blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
    });
    type WaveParams = Traced<ParamsOf<{ init: typeof init }>>;

    /** `[batch, channels, length]`, normalised over time, or over channels where time must not be seen. */
    const normalized = (params: WaveParams["groupNorm"], x: Array): Array =>
      causal
        ? np.transpose(featureNorm.apply(params, np.transpose(x, [0, 2, 1])), [0, 2, 1])
        : firstNorm.apply(params, x);

    const latents = (params: WaveParams, inputs: Inputs): Array => {
      let x = inputs[name];
      if (!x) throw new Error(`wave: no ${name} among the inputs`);
      for (const [layer, conv] of convs.entries()) {
        x = conv.apply(params.convs[layer]!, x);
        x = gelu(layer === 0 ? normalized(params.groupNorm, x) : x);
      }
      return featureNorm.apply(params.featureNorm, np.transpose(x, [0, 2, 1]));
    };

    const embedded = (params: WaveParams, features: Array, { keep, masked }: EncodeOptions): Array => {
      if (keep) throw new Error("wave: tokens cannot be dropped; mask them");
      const seen = project.apply(params.project, features);
      const hidden = masked && np.reshape(masked.at, [...masked.at.shape, 1]);
      const visible = hidden
        ? np.add(np.multiply(np.subtract(1, hidden), seen), np.multiply(hidden, masked.token))
        : seen;
      const places = gelu(positions.apply(params.positions, np.transpose(visible, [0, 2, 1])));
      return dropout(norm.apply(params.norm, np.add(visible, np.transpose(places, [0, 2, 1]))), options.dropout);
    };

    const outputs = (params: WaveParams, features: Array, encodeOptions: EncodeOptions = {}): Array[] => {
      let x = embedded(params, features, encodeOptions);
      const own = causal ? causalBias(x.shape[1]!) : undefined;
      const given = encodeOptions.attentionBias;
      const bias = own && given ? np.add(own, given) : (own ?? given);
      return blocks.map((block, index) => {
        x = block.apply(params.blocks[index]!, x, { bias });
        return x;
      });
    };
    const context = (params: WaveParams, features: Array, encodeOptions?: EncodeOptions): Array =>
      outputs(params, features, encodeOptions).at(-1)!;
    const encode = (params: WaveParams, inputs: Inputs, encodeOptions?: EncodeOptions): Array =>
      context(params, latents(params, inputs), encodeOptions);

    const ofInputs = (params: WaveParams, inputs: Inputs, encodeOptions?: EncodeOptions): Array[] =>
      outputs(params, latents(params, inputs), encodeOptions);
    const tokenAbility = { count, width, prefix: 0, encode, blocks: ofInputs };
    return {
      name: "wave",
      embedDim: width,
      init,
      apply: (params: WaveParams, inputs: Inputs) => np.mean(encode(params, inputs), 1),
      hidden: (params: WaveParams, inputs: Inputs) => encode(params, inputs),
      tokens: tokenAbility,
      latents: {
        ...tokenAbility,
        latentDim: convWidth,
        causal,
        windows: { input: name, stride, field },
        latents,
        context,
      },
      hyperparameters: {
        ...{ width, depth, heads, convWidth, mlpRatio: options.mlpRatio, positionKernel, positionGroups },
        ...{ kernels: kernels.join(), strides: strides.join(), causal: String(causal), channels, size: length },
      },
    };
  },
});
