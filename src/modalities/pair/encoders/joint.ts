import * as z from "zod";
import {
  type Array,
  constant,
  filled,
  nn,
  np,
  type Rng,
  sizeOf,
  type TensorSpec,
  type Traced,
} from "../../../array/index.ts";
import type { VocabularySpec } from "../../../data/vocabulary.ts";
import { towers } from "../../../encoders/abilities.ts";
import { ABSENT, type Encoder, encoder, type Inputs, type Tower } from "../../../encoders/encoder.ts";
import { countOfPatches, oneOrAll, patchOf } from "../../../encoders/patch-size.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { UserError } from "../../../foundation/errors.ts";
import type { ParamsOf } from "../../../layers/layer.ts";
import { linear } from "../../../layers/linear.ts";
import { layerNorm } from "../../../layers/norms/layer-norm.ts";
import { attentionBias } from "../../../layers/transformer/attention-bias.ts";
import { gridOfPatches, patchify, unpatchify } from "../../../layers/transformer/patches.ts";
import { refuseWidth, sinCosPositions } from "../../../layers/transformer/positions.ts";
import { transformerBlock } from "../../../layers/transformer/transformer.ts";
import { type JointTokens, jointTokens, type Seen } from "../abilities.ts";

/** `small` and larger are those of M3AE's code. */
const sizes = {
  tiny: { width: 192, depth: 12, heads: 3 },
  small: { width: 384, depth: 12, heads: 6 },
  base: { width: 768, depth: 12, heads: 12 },
  large: { width: 1024, depth: 24, heads: 16 },
} as const;

const JointOptions = z.object({
  size: z.enum(["tiny", "small", "base", "large"]).default("tiny").describe("width, depth and heads together"),
  width: bounds.width().optional().describe("width of a token; overrides the size's"),
  depth: bounds.depth().optional().describe("number of blocks; overrides the size's"),
  heads: bounds.width().optional().describe("attention heads; overrides the size's"),
  mlpRatio: bounds.ratio().default(4).describe("hidden width of the feed-forward layers over the width"),
  patchSize: bounds.count().optional().describe("side of a patch in pixels; chosen by the image's size"),
});

type Specs = Readonly<Record<string, TensorSpec>>;

/**
 * One Transformer over the patches of an image and the words of its caption: the encoder of M3AE. Geng et al. 2022,
 * https://arxiv.org/abs/2205.14204. It reads both, images alone, or texts alone; nothing attends to padding.
 *
 * Reads `pixels` `[batch, channels, height, width]`, and `ids` and `mask`, int32 `[batch, length]`. Parameters:
 * `patch.{weight,bias}`, `imageType` `[width]`; `words` (the token embeddings) `[vocabulary, width]`, `textType`
 * `[width]`; `blocks.N.{norm1,attention.{qkv,output},norm2,up,down}`, `norm.{scale,shift}`. Positions are fixed sines
 * and cosines. The representation is the mean of all tokens after the last norm. Differs from the paper: no class token.
 */
export const joint = encoder({
  name: "joint",
  paper: "https://arxiv.org/abs/2205.14204",
  reads: { pixels: [3, ABSENT], ids: [1, ABSENT], mask: [1, ABSENT] },
  abilities: [jointTokens, towers],
  options: JointOptions,
  build(options, specs, vocabulary) {
    const { pixels, ids, mask } = specs;
    const side = (only: Specs) => ({ encoder: build(options, only, vocabulary), name: "joint", options, path: "" });
    const sides: Readonly<Record<string, Tower>> =
      pixels && ids && mask ? { image: side({ pixels }), text: side({ ids, mask }) } : {};
    return { ...build(options, specs, vocabulary), towers: sides };
  },
});

function build(
  options: z.infer<typeof JointOptions>,
  specs: Specs,
  vocabulary: VocabularySpec | undefined,
): Encoder & { readonly jointTokens: JointTokens } {
  const size = sizes[options.size];
  const { width = size.width, depth = size.depth, heads = size.heads, mlpRatio } = options;
  refuseWidth("encoder joint: a width", width, heads);
  const image = specs.pixels && imageSide(specs.pixels.shape, width, options.patchSize);
  const text = specs.ids && textSide(specs.ids.shape, width, vocabulary);
  if (!image && !text) throw new UserError("encoder joint reads images, texts, or images with captions");
  const blocks = globalThis.Array.from({ length: depth }, () => transformerBlock({ width, heads, mlpRatio }));
  const norm = layerNorm(width);

  const init = (rng: Rng) => ({
    ...(image ? image.init(rng) : {}),
    ...(text ? text.init(rng) : {}),
    blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
    norm: norm.init(),
  });
  type JointParams = Traced<ParamsOf<{ init: typeof init }>>;

  const encode = (params: JointParams, inputs: Inputs, seen: Parameters<JointTokens["encode"]>[2] = {}) => {
    const parts = [
      ...(image && inputs.pixels ? [chosen(image.embed(params, inputs.pixels), undefined, seen.patches)] : []),
      ...(text && inputs.ids ? [chosen(text.embed(params, inputs.ids), inputs.mask, seen.words)] : []),
    ];
    const [first, second] = parts;
    if (!first) throw new Error("joint: none of its inputs is given");
    const bias = parts.some(({ used }) => used)
      ? joined(
          parts.map(({ tokens, used }) => attentionBias(used ?? allOf(tokens))),
          3,
        )
      : undefined;
    const last = blocks.reduce(
      (x, block, index) => block.apply(params.blocks[index]!, x, { bias }),
      joined(
        parts.map(({ tokens }) => tokens),
        1,
      ),
    );
    const states = norm.apply(params.norm, last);
    if (!second) return image && inputs.pixels ? { patches: states } : { words: states };
    const [patches, words] = np.split(states, [first.tokens.shape[1]!], 1);
    return { patches: patches!, words: words! };
  };

  const hidden = (params: JointParams, inputs: Inputs): Array => {
    const { patches, words } = encode(params, inputs);
    return joined(
      [patches, words].filter((states) => states !== undefined),
      1,
    );
  };

  return {
    name: "joint",
    embedDim: width,
    init,
    apply(params: JointParams, inputs: Inputs) {
      const { patches, words } = encode(params, inputs);
      const mask = inputs.mask && present(inputs.mask);
      const sums = [
        ...(patches ? [{ sum: np.sum(patches, 1), count: patches.shape[1]! }] : []),
        ...(words && mask
          ? [
              {
                sum: np.sum(np.multiply(words, np.expandDims(mask, 2)), 1),
                count: np.sum(mask, 1, { keepdims: true }),
              },
            ]
          : []),
      ];
      const count = sums.reduce<Array | number>((total, { count }) => np.add(total, count), 0);
      const sum = sums.slice(1).reduce((total, { sum }) => np.add(total, sum), sums[0]!.sum);
      return np.multiply(sum, np.reciprocal(np.maximum(count, 1)));
    },
    hidden,
    jointTokens: {
      width,
      ...(image ? { patches: image.ability } : {}),
      ...(text ? { words: { length: text.length, vocabulary: text.vocabulary } } : {}),
      encode,
    },
    hyperparameters: {
      ...{ width, depth, heads, mlpRatio },
      ...(image ? { patchSize: image.patchSize, size: image.size, channels: image.channels } : {}),
      ...(text ? { length: text.length, vocabulary: text.vocabulary } : {}),
    },
  };
}

function imageSide(shape: readonly number[], width: number, patchSize: number | undefined) {
  const [channels = 0, ...extents] = shape;
  const patch = patchOf(patchSize, extents);
  const grid = gridOfPatches(extents, patch);
  const count = countOfPatches(extents, patch);
  const patchDim = sizeOf(patch) * channels;
  const layer = linear(patchDim, width);
  // Xavier's uniform, as in the ViT and in M3AE's code.
  const bound = Math.sqrt(6 / (patchDim + width));
  const init = (rng: Rng) => ({
    patch: { weight: rng.split("patch").uniforms([width, patchDim], -bound, bound), bias: filled([width], 0) },
    imageType: rng.split("imageType").truncatedNormal([width], 0.02),
  });
  return {
    init,
    ...{ channels, size: oneOrAll(extents), patchSize: oneOrAll(patch) },
    ability: {
      ...{ input: "pixels", count, grid, patchDim },
      patchify: ({ pixels }: Inputs): Array => {
        if (!pixels) throw new Error("joint: no pixels among the inputs");
        return patchify(pixels, patch);
      },
      unpatchify: (patches: Array): Array => unpatchify(patches, channels, grid, patch),
    },
    /** `[batch, count, width]` */
    embed(params: Partial<Traced<ReturnType<typeof init>>>, pixels: Array): Array {
      if (!params.patch || !params.imageType) throw new Error("joint: no parameters for images");
      const placed = np.add(constant(sinCosPositions(grid, width)), params.imageType);
      return np.add(layer.apply(params.patch, patchify(pixels, patch)), placed);
    },
  };
}

function textSide(shape: readonly number[], width: number, spec: VocabularySpec | undefined) {
  const [length] = shape;
  if (!length || !spec) throw new UserError("encoder joint reads texts by a vocabulary; this data has none");
  const vocabulary = spec.size;
  const init = (rng: Rng) => ({
    // Of deviation 1, as in M3AE's code: at the other layers' 0.02 the fixed positions would drown the words.
    words: rng.split("words").truncatedNormal([vocabulary, width], 1),
    textType: rng.split("textType").truncatedNormal([width], 0.02),
  });
  return {
    init,
    ...{ length, vocabulary },
    /** `[batch, length, width]` */
    embed(params: Partial<Traced<ReturnType<typeof init>>>, ids: Array): Array {
      if (!params.words || !params.textType) throw new Error("joint: no parameters for texts");
      const placed = np.add(constant(sinCosPositions([length], width)), params.textType);
      return np.add(np.take(params.words, ids, 0), placed);
    },
  };
}

const joined = (arrays: readonly Array[], axis: number): Array =>
  arrays.length === 1 ? arrays[0]! : np.concatenate([...arrays], axis);

/** Ones, `[batch, tokens]`. */
const allOf = ({ shape: [batch = 0, count = 0] }: Array): Array =>
  np.broadcastTo(constant(filled([1, count], 1)), [batch, count]);

/** 1 for a token and 0 for padding. */
const present = (mask: Array): Array => np.where(np.equal(mask, 0), 0, 1);

/** The tokens that are seen, and which of them count: undefined for all. */
function chosen(tokens: Array, mask: Array | undefined, { places, used }: Seen = {}) {
  // Choosing rows is a product with a one-hot matrix: small, and its gradient needs no scatter.
  const rows = places && nn.oneHot(places, tokens.shape[1]!);
  return {
    tokens: rows ? np.matmul(rows, tokens) : tokens,
    used: used ?? (rows && mask ? np.sum(np.matmul(rows, np.expandDims(present(mask), 2)), 2) : mask),
  };
}
