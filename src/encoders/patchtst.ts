import * as z from "zod";
import { type Array, constant, filled, float32, nn, np, type Rng, type Traced } from "../array/index.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { dropout } from "../layers/functions/dropout.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { linear } from "../layers/linear.ts";
import { resizePositions } from "../layers/transformer/positions.ts";
import { countOfPatches, joinedPatches, stridedPatches } from "../layers/transformer/strided-patches.ts";
import { transformerBlock } from "../layers/transformer/transformer.ts";
import { channelTokens, patches, tokens } from "./abilities.ts";
import { type EncodeOptions, encoder, type Inputs } from "./encoder.ts";
import { gridInput } from "./grid-input.ts";

/** Added to the variance of a window, and to variances in norms: Hugging Face's. */
const EPSILON = 1e-5;
/** Attention scores of tokens that must not see each other. */
const APART = -1e9;

/**
 * A Transformer over the patches of each channel by itself, with the same weights for all channels: PatchTST.
 * Nie et al. 2022, https://arxiv.org/abs/2211.14730
 *
 * Reads one tensor `[batch, channels, length]`, and `mask` `[batch, channels, length]` if the data have one: 0 where
 * values are missing. Each channel of a window is brought to mean 0 and deviation 1 (RevIN without its weights) and cut
 * into patches of `patchLength` every `stride` steps, the last of which ends the window. Tokens are numbered channel by
 * channel: the grid is `[channels, patches]`. As in the paper, norms are over the batch and after each sum, positions
 * are learned, and the representation is the mean token of every channel, one after the other. Parameters:
 * `patch.{weight,bias}`, `positions`, `blocks.N.{norm1,attention.{qkv,output},norm2,up,down}`. Differs from the paper:
 * the window's end is not padded by its last value (nor is it in the authors' code for masked patches); attention scores
 * are not added up over blocks.
 */
export const patchtst = encoder({
  name: "patchtst",
  paper: "https://arxiv.org/abs/2211.14730",
  reads: { "*": 2 },
  abilities: [tokens, patches, channelTokens],
  options: z.object({
    width: bounds.width().default(128).describe("width of a token"),
    depth: bounds.depth().default(3).describe("number of blocks"),
    heads: bounds.width().default(16).describe("attention heads"),
    mlpRatio: bounds.ratio().default(4).describe("hidden width of the feed-forward layers over the width"),
    patchLength: bounds
      .count()
      .optional()
      .describe("steps of a patch; by default 12, or 16 or 8 where that divides the window, more for long windows"),
    stride: bounds
      .count()
      .optional()
      .describe("steps from one patch to the next, which divide a patch; by default a patch: they do not overlap"),
    norm: z.enum(["batch", "layer"]).default("batch").describe("norms over all tokens of a batch, or of each token"),
    normOrder: z.enum(["post", "pre"]).default("post").describe("norms after each sum, or before each branch"),
    instanceNorm: z.boolean().default(true).describe("bring each channel of a window to mean 0 and deviation 1"),
    pooling: z
      .enum(["channels", "mean"])
      .default("channels")
      .describe("representation: the mean token of each channel, one after the other, or the mean of those"),
    dropout: z.number().min(0).lt(1).default(0.2).describe("share of activations dropped in training"),
  }),

  build(options, specs) {
    const { name, channels, extents } = gridInput(specs, "encoder patchtst", [1, 1]);
    const [length = 0] = extents;
    const { width, depth, heads, mlpRatio, norm, normOrder, instanceNorm, pooling } = options;
    if (width % heads !== 0)
      throw new UserError(`a width of ${width} cannot be split into ${heads} heads; choose heads that divide it`);
    const patchLength = options.patchLength ?? defaultPatch(length);
    const stride = options.stride ?? patchLength;
    if (patchLength % stride !== 0)
      throw new UserError(`encoder patchtst: a stride of ${stride} does not divide patches of ${patchLength} steps`);
    const cut = { length: patchLength, stride };
    const count = countOfPatches(length, cut);
    if (count < 1)
      throw new UserError(
        `encoder patchtst: patches of ${patchLength} steps are longer than the window of ${length}; lower --patch-length`,
      );
    const hasMask = specs.mask?.shape.length === 2;
    const all = channels * count;
    const embed = linear(patchLength, width);
    const bound = Math.sqrt(6 / (patchLength + width));
    const blocks = globalThis.Array.from({ length: depth }, () =>
      transformerBlock({
        ...{ width, heads, mlpRatio, norm: normOrder, normOver: norm },
        ...{ epsilon: EPSILON, dropout: options.dropout },
      }),
    );

    const init = (rng: Rng) => ({
      patch: {
        // Xavier's uniform, as in the ViT: at the other layers' 0.02 the positions would drown the values.
        weight: rng.split("patch").uniforms([width, patchLength], -bound, bound),
        bias: filled([width], 0),
      },
      positions: rng.split("positions").uniforms([count, width], -0.02, 0.02),
      blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
    });
    type PatchTSTParams = Traced<ParamsOf<{ init: typeof init }>>;

    /** The window as it is read, `[batch × channels, length]`, and what is missing in it at the mean. */
    const read = (inputs: Inputs): Array => {
      const x = inputs[name];
      if (!x) throw new Error(`patchtst: no ${name} among the inputs`);
      const rows = np.reshape(x, [-1, x.shape[2]!]);
      if (!instanceNorm) return rows;
      const known = hasMask && inputs.mask ? np.where(np.greater(np.reshape(inputs.mask, rows.shape), 0), 1, 0) : 1;
      const over = (values: Array) =>
        typeof known === "number"
          ? np.mean(values, 1, { keepdims: true })
          : np.multiply(
              np.sum(np.multiply(values, known), 1, { keepdims: true }),
              np.reciprocal(np.maximum(np.sum(known, 1, { keepdims: true }), 1)),
            );
      const centred = np.multiply(np.subtract(rows, over(rows)), known);
      return np.multiply(centred, np.reciprocal(np.sqrt(np.add(over(np.square(centred)), EPSILON))));
    };

    /** `[batch × channels, patches, patchLength]` */
    const cutUp = (inputs: Inputs): Array => stridedPatches(read(inputs), cut);

    /** Tokens before the first block, `[batch × channels, patches, width]`. */
    const embedded = (params: PatchTSTParams, inputs: Inputs, { masked }: EncodeOptions): Array => {
      const seen = embed.apply(params.patch, cutUp(inputs));
      const [rows, found] = seen.shape as [number, number];
      const hidden = masked && np.reshape(masked.at, [rows, found, 1]);
      const visible = hidden
        ? np.add(np.multiply(np.subtract(1, hidden), seen), np.multiply(hidden, masked.token))
        : seen;
      // A crop may have another number of patches than the encoder was built for.
      const positions =
        found === count ? params.positions : np.matmul(constant(resizePositions([count], [found])), params.positions);
      return dropout(np.add(visible, positions), options.dropout);
    };

    /** The channel of each token as a one, `[tokens, channels]`. */
    const channelOf = (found: number) =>
      constant(
        float32(
          Float32Array.from({ length: channels * found * channels }, (_, at) =>
            Number(Math.floor(at / channels / found) === at % channels),
          ),
          [channels * found, channels],
        ),
      );

    /** Outputs of the blocks, `[batch, tokens, width]`. */
    const outputs = (params: PatchTSTParams, inputs: Inputs, encodeOptions: EncodeOptions = {}): Array[] => {
      const { keep, attentionBias } = encodeOptions;
      const apart = embedded(params, inputs, encodeOptions);
      const [rows, found] = apart.shape as [number, number, number];
      const batch = rows / channels;
      const through = (first: Array, bias?: Array) => {
        let x = first;
        return blocks.map((block, index) => {
          x = block.apply(params.blocks[index]!, x, { bias });
          return x;
        });
      };
      const whole = (x: Array) => np.reshape(x, [batch, channels * found, width]);
      if (!keep && !attentionBias) return through(apart).map(whole);
      // Chosen tokens are not equally many of each channel: all are together, and see only those of their own.
      const ones = np.broadcastTo(np.reshape(channelOf(found), [1, channels * found, channels]), [
        batch,
        channels * found,
        channels,
      ]);
      const chosen = keep && nn.oneHot(keep, channels * found);
      const of = chosen ? np.matmul(chosen, ones) : ones;
      const same = np.matmul(of, np.transpose(of, [0, 2, 1]));
      const between = np.reshape(np.multiply(np.subtract(1, same), APART), [batch, 1, same.shape[1]!, same.shape[2]!]);
      const first = chosen ? np.matmul(chosen, whole(apart)) : whole(apart);
      return through(first, attentionBias ? np.add(between, attentionBias) : between);
    };

    const encode = (params: PatchTSTParams, inputs: Inputs, encodeOptions?: EncodeOptions): Array =>
      outputs(params, inputs, encodeOptions).at(-1)!;
    const byChannel = (params: PatchTSTParams, inputs: Inputs): Array => {
      const x = encode(params, inputs);
      return np.reshape(x, [x.shape[0]!, channels, -1, width]);
    };

    const tokenAbility = { count: all, width, prefix: 0, encode, blocks: outputs };
    const joined = (x: Array): Array =>
      np.reshape(joinedPatches(np.reshape(x, [-1, count, patchLength]), length, cut), [-1, channels, length]);
    return {
      name: "patchtst",
      embedDim: pooling === "channels" ? channels * width : width,
      init,
      apply(params: PatchTSTParams, inputs: Inputs) {
        const means = np.mean(byChannel(params, inputs), 2);
        return pooling === "channels" ? np.reshape(means, [-1, channels * width]) : np.mean(means, 1);
      },
      hidden: byChannel,
      tokens: tokenAbility,
      patches: {
        ...tokenAbility,
        input: name,
        grid: [channels, count],
        patchDim: patchLength,
        patchify(inputs: Inputs) {
          const cutPatches = cutUp(inputs);
          return np.reshape(cutPatches, [cutPatches.shape[0]! / channels, -1, patchLength]);
        },
        unpatchify: joined,
      },
      channelTokens: { channels, count, width, encode: byChannel },
      hyperparameters: {
        ...{ width, depth, heads, mlpRatio, patchLength, stride, norm, normOrder, instanceNorm: String(instanceNorm) },
        ...{ pooling, channels, size: length },
      },
    };
  },
});

/** Most patches of a window by default. */
const MOST = 128;

/** 12 steps as in the paper, or 16 or 8 where those divide the window; twice that, four times … for long windows. */
function defaultPatch(window: number): number {
  const usual =
    [12, 16, 8].find((steps) => window % steps === 0 && window >= 2 * steps) ??
    Math.max(1, Math.min(8, Math.floor(window / 2)));
  return usual * 2 ** Math.max(0, Math.ceil(Math.log2(window / (usual * MOST))));
}
