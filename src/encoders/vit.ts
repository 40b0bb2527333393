import * as z from "zod";
import { type Array, constant, filled, nn, np, type Rng, type Traced } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { layerNorm } from "../layers/layer-norm.ts";
import { linear } from "../layers/linear.ts";
import { resizePositions, sinCosPositions } from "../layers/positions.ts";
import { transformerBlock } from "../layers/transformer.ts";
import { patches, tokens } from "./abilities.ts";
import { type EncodeOptions, encoder, gridInput, type Inputs } from "./encoder.ts";

const sizes = {
  tiny: { width: 192, depth: 12, heads: 3 },
  small: { width: 384, depth: 12, heads: 6 },
  base: { width: 768, depth: 12, heads: 12 },
} as const;

/**
 * Vision Transformer, pre-norm, as in timm. Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929
 *
 * Reads `pixels` `[batch, channels, size, size]`, of the size it was built for or, as in DINO's multi-crop, of any other
 * that the patches divide: learned positions are then interpolated, fixed ones taken at scaled places. Parameters: `patch.{weight,bias}` (a linear layer over row, column,
 * channel of a patch), `classToken`, `positions` (when learned), `blocks.N.{norm1,attention.{qkv,output},norm2,up,down}`,
 * `norm.{scale,shift}`. The representation is the class token, or the mean of all tokens, after the last norm.
 */
export const vit = encoder({
  name: "vit",
  paper: "https://arxiv.org/abs/2010.11929",
  reads: { "*": 3 },
  abilities: [tokens, patches],
  options: z.object({
    size: z.enum(["tiny", "small", "base"]).default("tiny").describe("width, depth and heads together"),
    width: z.int().positive().optional().describe("width of a token; overrides the size's"),
    depth: z.int().positive().optional().describe("number of blocks; overrides the size's"),
    heads: z.int().positive().optional().describe("attention heads; overrides the size's"),
    headDim: z.int().positive().optional().describe("width of a head; the width over the heads by default"),
    mlpRatio: z.number().positive().default(4).describe("hidden width of the feed-forward part over the width"),
    patchSize: z.int().positive().optional().describe("side of a patch in pixels; 4, 8 or 16 by image size"),
    pooling: z.enum(["class", "mean"]).default("mean").describe("representation: class token, or mean of the tokens"),
    positions: z.enum(["learned", "sincos"]).default("sincos").describe("position embeddings"),
    dropPath: z.number().min(0).lt(1).default(0).describe("stochastic depth of the last block; rises from 0"),
  }),

  build(options, specs) {
    const { name: input, shape } = gridInput("vit", specs, [3]);
    const [channels = 0, height = 0, columns = 0] = shape;
    const { width, depth, heads } = { ...sizes[options.size], ...definedOnly(options) };
    const patchSize = options.patchSize ?? (height <= 40 ? 4 : height <= 96 ? 8 : 16);
    if (height % patchSize !== 0 || columns % patchSize !== 0)
      throw new UserError(
        `a patch size of ${patchSize} does not divide images of ${columns} × ${height} pixels; ${patchSizes(height, columns)}`,
      );
    const { headDim } = options;
    if (headDim === undefined && width % heads !== 0)
      throw new UserError(`a width of ${width} cannot be split into ${heads} heads; choose heads that divide it`);
    if (options.positions === "sincos" && width % 4 !== 0)
      throw new UserError(`sine–cosine positions need a width that is a multiple of 4, not ${width}`);

    const grid = [height / patchSize, columns / patchSize] as const;
    const count = grid[0] * grid[1];
    const patchDim = patchSize * patchSize * channels;
    const prefix = options.pooling === "class" ? 1 : 0;
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
        // Xavier's uniform, as in MAE and MoCo v3: by the other layers' 0.02 the positions would drown the picture.
        weight: rng.split("patch").uniforms([width, patchDim], -patchBound, patchBound),
        bias: filled([width], 0),
      },
      ...(prefix ? { classToken: rng.split("classToken").truncatedNormal([1, width], 0.02) } : {}),
      ...(options.positions === "learned"
        ? { positions: rng.split("positions").truncatedNormal([prefix + count, width], 0.02) }
        : {}),
      blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
      norm: norm.init(),
    });
    type VitParams = Traced<ParamsOf<{ init: typeof init }>>;

    /** Rows and columns of patches in these very pixels, which need not be of the size the encoder was built for. */
    const gridOf = ({ [input]: pixels }: Inputs): readonly [number, number] => {
      if (!pixels) throw new Error(`vit: no ${input} among the inputs`);
      const [, , tall = 0, wide = 0] = pixels.shape;
      if (tall % patchSize !== 0 || wide % patchSize !== 0)
        throw new Error(`vit: a crop of ${wide} × ${tall} pixels is not a whole number of patches of ${patchSize}`);
      return [tall / patchSize, wide / patchSize];
    };

    const patchify = (inputs: Inputs): Array => {
      const [rows, across] = gridOf(inputs);
      const split = np.reshape(inputs[input]!, [-1, channels, rows, patchSize, across, patchSize]);
      return np.reshape(np.transpose(split, [0, 2, 4, 3, 5, 1]), [-1, rows * across, patchDim]);
    };

    const unpatchify = (patches: Array): Array => {
      const split = np.reshape(patches, [-1, grid[0], grid[1], patchSize, patchSize, channels]);
      return np.reshape(np.transpose(split, [0, 5, 1, 3, 2, 4]), [-1, channels, height, columns]);
    };

    /** Position embeddings of that grid's patches, and the class token's, which is zero when they are fixed. */
    const positionsOf = (
      params: VitParams,
      [rows, across]: readonly [number, number],
    ): { ofClass: Array | number; ofPatches: Array } => {
      if (!params.positions) return { ofClass: 0, ofPatches: constant(sinCosPositions(rows, across, width, grid)) };
      const [ofClass, learned] = prefix ? np.split(params.positions, [1], 0) : [0, params.positions];
      const isNative = rows === grid[0] && across === grid[1];
      const ofPatches = isNative ? learned! : np.matmul(constant(resizePositions(grid, [rows, across])), learned!);
      return { ofClass: ofClass!, ofPatches };
    };

    /** What the first block reads: `[batch, prefix + kept, width]`. */
    const embedded = (params: VitParams, inputs: Inputs, { keep, masked }: EncodeOptions): Array => {
      const at = gridOf(inputs);
      const { ofClass, ofPatches } = positionsOf(params, at);
      const patches = patchify(inputs);
      const [batch, present] = patches.shape as [number, number];
      // Choosing rows is a product with a one-hot matrix: small, and its gradient needs no scatter.
      const chosen = keep && nn.oneHot(keep, present);
      const only = (rows: Array) => (chosen ? np.matmul(chosen, rows) : rows);
      const seen = embed.apply(params.patch, only(patches));
      const hidden = masked && only(np.reshape(masked.at, [batch, present, 1]));
      const visible = hidden
        ? np.add(np.multiply(np.subtract(1, hidden), seen), np.multiply(hidden, masked.token))
        : seen;
      const placed = np.add(visible, only(ofPatches));
      const front = params.classToken && np.broadcastTo(np.add(params.classToken, ofClass), [batch, 1, width]);
      return front ? np.concatenate([front, placed], 1) : placed;
    };

    const outputs = (params: VitParams, inputs: Inputs, given: EncodeOptions = {}): Array[] => {
      let x = embedded(params, inputs, given);
      return blocks.map((block, index) => {
        x = block.apply(params.blocks[index]!, x, { bias: given.attentionBias });
        return x;
      });
    };

    const encode = (params: VitParams, inputs: Inputs, given?: EncodeOptions): Array =>
      norm.apply(params.norm, outputs(params, inputs, given).at(-1)!);

    const classAttention = (params: VitParams, inputs: Inputs): Array => {
      const before = outputs(params, inputs).at(-2) ?? embedded(params, inputs, {});
      const weights = blocks.at(-1)!.attention(params.blocks.at(-1)!, before);
      const [ofClass] = np.split(weights, [1], 2);
      const [, toPatches] = np.split(ofClass!, [1], 3);
      return np.reshape(toPatches!, [toPatches!.shape[0]!, heads, -1]);
    };

    const sequence = { count, width, prefix, encode, blocks: outputs };
    return {
      name: "vit",
      embedDim: width,
      init,
      apply(params: VitParams, inputs: Inputs) {
        const tokens = encode(params, inputs);
        if (!prefix) return np.mean(tokens, 1);
        return np.reshape(np.split(tokens, [1], 1)[0]!, [tokens.shape[0]!, width]);
      },
      hidden: (params: VitParams, inputs: Inputs) => encode(params, inputs),
      tokens: sequence,
      patches: { ...sequence, grid, patchDim, patchify, unpatchify, ...(prefix ? { classAttention } : {}) },
      hyperparameters: {
        width,
        depth,
        heads,
        ...(headDim === undefined ? {} : { headDim }),
        mlpRatio: options.mlpRatio,
        patchSize,
        prefix,
        channels,
        size: height,
      },
    };
  },
});

const definedOnly = ({ width, depth, heads }: { width?: number; depth?: number; heads?: number }) => ({
  ...(width ? { width } : {}),
  ...(depth ? { depth } : {}),
  ...(heads ? { heads } : {}),
});

/** What a user may do about a patch size that does not fit: the sizes that do, or another size of image. */
function patchSizes(height: number, columns: number): string {
  const fitting = globalThis.Array.from({ length: Math.min(height, columns) }, (_, index) => index + 1).filter(
    (side) => side > 1 && side < Math.max(height, columns) && height % side === 0 && columns % side === 0,
  );
  return fitting.length > 0 ? `try ${fitting.join(", ")}` : "no patch size does; resize the images to a multiple of 8";
}
