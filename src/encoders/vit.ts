import * as z from "zod";
import { type Array, constant, filled, nn, np, type Rng, sizeOf, type Traced } from "../array/index.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { linear } from "../layers/linear.ts";
import { layerNorm } from "../layers/norms/layer-norm.ts";
import { gridOfPatches, patchify, unpatchify } from "../layers/transformer/patches.ts";
import { resizePositions, sinCosPositions, tokenPositions } from "../layers/transformer/positions.ts";
import { transformerBlock } from "../layers/transformer/transformer.ts";
import { latents, patches, tokens } from "./abilities.ts";
import { type EncodeOptions, encoder, type Inputs } from "./encoder.ts";
import { gridInput, MOST_AXES } from "./grid-input.ts";
import { countOfPatches, oneOrAll, patchOf } from "./patch-size.ts";

const sizes = {
  tiny: { width: 192, depth: 12, heads: 3 },
  small: { width: 384, depth: 12, heads: 6 },
  base: { width: 768, depth: 12, heads: 12 },
} as const;

/** Tokens in front of the patches'. */
const prefixes = { mean: 0, class: 1, distilled: 2 } as const;

/**
 * Vision Transformer, pre-norm, as in timm. Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929
 *
 * Reads one tensor `[batch, channels, ...extents]` of one axis (a series), two (an image, a spectrogram) or three (a
 * video: frames, rows, columns), of the extents it was built for or, as in DINO's multi-crop, of any others that the
 * patches divide: learned positions and those by number are then interpolated, those of axes computed at scaled coordinates. Parameters:
 * `patch.{weight,bias}` (a linear layer over the axes of a patch and its channels), `classToken`, `positions` (when
 * learned), `blocks.N.{norm1,attention.{qkv,output},norm2,up,down}`, `norm.{scale,shift}`. The representation is the class
 * token, its mean with a distillation token (as in AST; both are `classToken`), or the mean of all tokens, after the last norm.
 */
export const vit = encoder({
  name: "vit",
  paper: "https://arxiv.org/abs/2010.11929",
  reads: { "*": [2, 3, 4] },
  abilities: [tokens, patches, latents],
  options: z.object({
    size: z.enum(["tiny", "small", "base"]).default("tiny").describe("width, depth and heads together"),
    width: bounds.width().optional().describe("width of a token; overrides the size's"),
    depth: bounds.depth().optional().describe("number of blocks; overrides the size's"),
    heads: bounds.width().optional().describe("attention heads; overrides the size's"),
    headDim: bounds.width().optional().describe("width of a head; by default the width divided by the heads"),
    mlpRatio: bounds.ratio().default(4).describe("hidden width of the feed-forward layers over the width"),
    patchSize: z
      .union([bounds.count(), z.array(bounds.count()).min(1).max(MOST_AXES)])
      .optional()
      .describe("extent of a patch along every axis, or one number per axis; chosen by the input's size"),
    pooling: z
      .enum(["class", "mean", "distilled"])
      .default("mean")
      .describe("representation: class token; mean of the tokens; or mean of class and distillation token (DeiT, AST)"),
    positions: z
      .enum(["learned", "sincos", "videomae"])
      .default("sincos")
      .describe(
        "position embeddings: learned; fixed ones of the axes (MAE); fixed ones of the patch's number (VideoMAE)",
      ),
    dropPath: z.number().min(0).lt(1).default(0).describe("stochastic depth of the last block; rises from 0"),
  }),

  build(options, specs) {
    const { name, channels, extents } = gridInput(specs, "encoder vit");
    const { width, depth, heads } = { ...sizes[options.size], ...definedOnly(options) };
    const patch = patchOf(options.patchSize, extents);
    const { headDim } = options;
    if (headDim === undefined && width % heads !== 0)
      throw new UserError(`a width of ${width} cannot be split into ${heads} heads; choose heads that divide it`);
    if (options.positions === "sincos" && width % 4 !== 0)
      throw new UserError(`sine–cosine positions need a width that is a multiple of 4, not ${width}`);

    const grid = gridOfPatches(extents, patch);
    const count = countOfPatches(extents, patch);
    const patchDim = sizeOf(patch) * channels;
    const prefix = prefixes[options.pooling];
    const embed = linear(patchDim, width);
    const patchBound = Math.sqrt(6 / (patchDim + width));
    const blocks = globalThis.Array.from({ length: depth }, (_, index) =>
      transformerBlock({
        width,
        heads,
        headDim,
        mlpRatio: options.mlpRatio,
        dropPath: depth > 1 ? (options.dropPath * index) / (depth - 1) : options.dropPath,
      }),
    );
    const norm = layerNorm(width);

    const init = (rng: Rng) => ({
      patch: {
        // Xavier's uniform, as in MAE and MoCo v3: at the other layers' 0.02 the positions would drown the image.
        weight: rng.split("patch").uniforms([width, patchDim], -patchBound, patchBound),
        bias: filled([width], 0),
      },
      ...(prefix ? { classToken: rng.split("classToken").truncatedNormal([prefix, width], 0.02) } : {}),
      ...(options.positions === "learned"
        ? { positions: rng.split("positions").truncatedNormal([prefix + count, width], 0.02) }
        : {}),
      blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
      norm: norm.init(),
    });
    type VitParams = Traced<ParamsOf<{ init: typeof init }>>;

    const read = (inputs: Inputs): Array => {
      const x = inputs[name];
      if (!x) throw new Error(`vit: no ${name} among the inputs`);
      return x;
    };

    const fixedPositions = () =>
      options.positions === "videomae" ? tokenPositions(count, width) : sinCosPositions(grid, width);

    /** Position embeddings of the class token (zero when positions are fixed) and of the patches of a grid. */
    const positionsOf = (
      params: VitParams,
      target: readonly number[],
    ): { ofClass: Array | number; ofPatches: Array } => {
      if (options.positions === "sincos")
        return { ofClass: 0, ofPatches: constant(sinCosPositions(target, width, grid)) };
      const isNative = target.every((extent, axis) => extent === grid[axis]);
      const resized = (own: Array) => (isNative ? own : np.matmul(constant(resizePositions(grid, target)), own));
      if (!params.positions) return { ofClass: 0, ofPatches: resized(constant(fixedPositions())) };
      const [ofClass, learned] = prefix ? np.split(params.positions, [prefix], 0) : [0, params.positions];
      return { ofClass: ofClass!, ofPatches: resized(learned!) };
    };

    /** The embeddings of patches as the input of the first block, `[batch, prefix + kept, width]`; `only` drops rows. */
    const placed = (
      params: VitParams,
      seen: Array,
      { masked }: EncodeOptions,
      target: readonly number[] = grid,
      only: (rows: Array) => Array = (rows) => rows,
    ): Array => {
      const [batch] = seen.shape as [number];
      const { ofClass, ofPatches } = positionsOf(params, target);
      const hidden = masked && only(np.reshape(masked.at, [...masked.at.shape, 1]));
      const visible = hidden
        ? np.add(np.multiply(np.subtract(1, hidden), seen), np.multiply(hidden, masked.token))
        : seen;
      const tokens = np.add(visible, only(ofPatches));
      const front = params.classToken && np.broadcastTo(np.add(params.classToken, ofClass), [batch, prefix, width]);
      return front ? np.concatenate([front, tokens], 1) : tokens;
    };

    const embedded = (params: VitParams, inputs: Inputs, options: EncodeOptions): Array => {
      const x = read(inputs);
      const patches = patchify(x, patch);
      // Choosing rows is a product with a one-hot matrix: small, and its gradient needs no scatter.
      const chosen = options.keep && nn.oneHot(options.keep, patches.shape[1]!);
      const only = (rows: Array) => (chosen ? np.matmul(chosen, rows) : rows);
      // A crop may have another grid than the encoder was built for.
      const target = gridOfPatches(x.shape.slice(2), patch);
      return placed(params, embed.apply(params.patch, only(patches)), options, target, only);
    };

    const through = (params: VitParams, first: Array, { attentionBias: bias }: EncodeOptions): Array[] => {
      let x = first;
      return blocks.map((block, index) => {
        x = block.apply(params.blocks[index]!, x, { bias });
        return x;
      });
    };
    const outputs = (params: VitParams, inputs: Inputs, options: EncodeOptions = {}): Array[] =>
      through(params, embedded(params, inputs, options), options);

    const encode = (params: VitParams, inputs: Inputs, options?: EncodeOptions): Array =>
      norm.apply(params.norm, outputs(params, inputs, options).at(-1)!);

    const context = (params: VitParams, embeddings: Array, options: EncodeOptions = {}): Array => {
      if (options.keep) throw new Error("vit: the context of embeddings has all of them; mask them");
      return norm.apply(params.norm, through(params, placed(params, embeddings, options), options).at(-1)!);
    };

    const classAttention = (params: VitParams, inputs: Inputs): Array => {
      const before = outputs(params, inputs).at(-2) ?? embedded(params, inputs, {});
      const weights = blocks.at(-1)!.attention(params.blocks.at(-1)!, before);
      const [ofClass] = np.split(weights, [1], 2);
      const [, toPatches] = np.split(ofClass!, [prefix], 3);
      return np.reshape(toPatches!, [toPatches!.shape[0]!, heads, -1]);
    };

    const tokenAbility = { count, width, prefix, encode, blocks: outputs };
    return {
      name: "vit",
      embedDim: width,
      init,
      apply(params: VitParams, inputs: Inputs) {
        const tokens = encode(params, inputs);
        return np.mean(prefix ? np.split(tokens, [prefix], 1)[0]! : tokens, 1);
      },
      hidden: (params: VitParams, inputs: Inputs) => encode(params, inputs),
      tokens: tokenAbility,
      patches: {
        ...tokenAbility,
        input: name,
        grid,
        patchDim,
        patchify: (inputs: Inputs) => patchify(read(inputs), patch),
        unpatchify: (patches: Array) => unpatchify(patches, channels, grid, patch),
        ...(options.positions === "learned" ? {} : { fixedPositions }),
        ...(prefix ? { classAttention } : {}),
      },
      latents: {
        ...tokenAbility,
        ...{ latentDim: width, causal: false, context },
        latents: (params: VitParams, inputs: Inputs) => embed.apply(params.patch, patchify(read(inputs), patch)),
      },
      hyperparameters: {
        width,
        depth,
        heads,
        ...(headDim === undefined ? {} : { headDim }),
        mlpRatio: options.mlpRatio,
        patchSize: oneOrAll(patch),
        prefix,
        positions: options.positions,
        channels,
        size: oneOrAll(extents),
      },
    };
  },
});

const definedOnly = ({ width, depth, heads }: { width?: number; depth?: number; heads?: number }) => ({
  ...(width ? { width } : {}),
  ...(depth ? { depth } : {}),
  ...(heads ? { heads } : {}),
});
