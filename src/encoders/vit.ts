import { z } from "zod";
import { type Array, constant, nn, np, type Rng, type Traced } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { layerNorm } from "../layers/layer-norm.ts";
import { linear } from "../layers/linear.ts";
import { sinCosPositions } from "../layers/positions.ts";
import { transformerBlock } from "../layers/transformer.ts";
import { encoder, type Inputs } from "./encoder.ts";

const sizes = {
  tiny: { width: 192, depth: 12, heads: 3 },
  small: { width: 384, depth: 12, heads: 6 },
  base: { width: 768, depth: 12, heads: 12 },
} as const;

/**
 * Vision Transformer, pre-norm, as in timm. Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929
 *
 * Reads `pixels` `[batch, channels, size, size]`. Parameters: `patch.{weight,bias}` (a linear layer over row, column,
 * channel of a patch), `classToken`, `positions` (when learned), `blocks.N.{norm1,attention.{qkv,output},norm2,up,down}`,
 * `norm.{scale,shift}`. The representation is the class token, or the mean of all tokens, after the last norm.
 */
export const vit = encoder({
  name: "vit",
  paper: "https://arxiv.org/abs/2010.11929",
  modalities: ["image"],
  options: z.object({
    size: z.enum(["tiny", "small", "base"]).default("tiny").describe("width, depth and heads together"),
    width: z.int().positive().optional().describe("width of a token; overrides the size's"),
    depth: z.int().positive().optional().describe("number of blocks; overrides the size's"),
    heads: z.int().positive().optional().describe("attention heads; overrides the size's"),
    mlpRatio: z.number().positive().default(4).describe("hidden width of the feed-forward part over the width"),
    patchSize: z.int().positive().optional().describe("side of a patch in pixels; 4, 8 or 16 by image size"),
    pooling: z.enum(["class", "mean"]).default("mean").describe("representation: class token, or mean of the tokens"),
    positions: z.enum(["learned", "sincos"]).default("sincos").describe("position embeddings"),
    dropPath: z.number().min(0).lt(1).default(0).describe("stochastic depth of the last block; rises from 0"),
  }),

  build(options, specs) {
    const [channels, height, columns] = specs.pixels?.shape ?? [];
    if (!channels || !height || !columns) throw new UserError("encoder vit reads images; this data has no pixels");
    const { width, depth, heads } = { ...sizes[options.size], ...definedOnly(options) };
    const patchSize = options.patchSize ?? (height <= 40 ? 4 : height <= 96 ? 8 : 16);
    if (height % patchSize !== 0 || columns % patchSize !== 0)
      throw new UserError(
        `a patch size of ${patchSize} does not divide images of ${columns} × ${height} pixels; ${patchSizes(height, columns)}`,
      );
    if (width % heads !== 0)
      throw new UserError(`a width of ${width} cannot be split into ${heads} heads; choose heads that divide it`);
    if (options.positions === "sincos" && width % 4 !== 0)
      throw new UserError(`sine–cosine positions need a width that is a multiple of 4, not ${width}`);

    const grid = [height / patchSize, columns / patchSize] as const;
    const count = grid[0] * grid[1];
    const patchDim = patchSize * patchSize * channels;
    const prefix = options.pooling === "class" ? 1 : 0;
    const embed = linear(patchDim, width);
    const blocks = globalThis.Array.from({ length: depth }, (_, index) =>
      transformerBlock({
        width,
        heads,
        mlpRatio: options.mlpRatio,
        dropPath: depth > 1 ? (options.dropPath * index) / (depth - 1) : options.dropPath,
      }),
    );
    const norm = layerNorm(width);

    const init = (rng: Rng) => ({
      patch: embed.init(rng.split("patch")),
      ...(prefix ? { classToken: rng.split("classToken").truncatedNormal([1, width], 0.02) } : {}),
      ...(options.positions === "learned"
        ? { positions: rng.split("positions").truncatedNormal([prefix + count, width], 0.02) }
        : {}),
      blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
      norm: norm.init(),
    });
    type VitParams = Traced<ParamsOf<{ init: typeof init }>>;

    const patchify = ({ pixels }: Inputs): Array => {
      if (!pixels) throw new Error("vit: no pixels among the inputs");
      const [rows, across] = grid;
      const split = np.reshape(pixels, [-1, channels, rows, patchSize, across, patchSize]);
      return np.reshape(np.transpose(split, [0, 2, 4, 3, 5, 1]), [-1, count, patchDim]);
    };

    /** Position embeddings `[prefix + count, width]`; the class token's is zero when they are fixed. */
    const positionsOf = (params: VitParams): { ofClass: Array | number; ofPatches: Array } => {
      if (!params.positions) return { ofClass: 0, ofPatches: constant(sinCosPositions(grid[0], grid[1], width)) };
      if (!prefix) return { ofClass: 0, ofPatches: params.positions };
      const [ofClass, ofPatches] = np.split(params.positions, [1], 0);
      return { ofClass: ofClass!, ofPatches: ofPatches! };
    };

    const encode = (params: VitParams, inputs: Inputs, { keep }: { keep?: Array } = {}): Array => {
      const { ofClass, ofPatches } = positionsOf(params);
      const patches = patchify(inputs);
      const batch = patches.shape[0]!;
      // Choosing rows is a product with a one-hot matrix: small, and its gradient needs no scatter.
      const chosen = keep && nn.oneHot(keep, count);
      const visible = embed.apply(params.patch, chosen ? np.matmul(chosen, patches) : patches);
      const placed = np.add(visible, chosen ? np.matmul(chosen, ofPatches) : ofPatches);
      const front = params.classToken && np.broadcastTo(np.add(params.classToken, ofClass), [batch, 1, width]);
      const tokens = front ? np.concatenate([front, placed], 1) : placed;
      const last = blocks.reduce((x, block, index) => block.apply(params.blocks[index]!, x), tokens);
      return norm.apply(params.norm, last);
    };

    return {
      name: "vit",
      embedDim: width,
      init,
      apply(params: VitParams, inputs: Inputs) {
        const tokens = encode(params, inputs);
        if (!prefix) return np.mean(tokens, 1);
        return np.reshape(np.split(tokens, [1], 1)[0]!, [tokens.shape[0]!, width]);
      },
      hidden: encode,
      tokens: { grid, count, patchDim, width, prefix, patchify, encode },
      hyperparameters: { width, depth, heads, mlpRatio: options.mlpRatio, patchSize, prefix, channels, size: height },
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
