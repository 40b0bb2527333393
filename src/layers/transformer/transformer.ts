import { type Array, filled, np, type Rng, type Traced } from "../../array/index.ts";
import { dropPath } from "../functions/drop-path.ts";
import { dropout } from "../functions/dropout.ts";
import { gelu } from "../functions/gelu.ts";
import type { ParamsOf } from "../layer.ts";
import { linear } from "../linear.ts";
import { layerNorm } from "../norms/layer-norm.ts";
import { tokenNorm } from "../norms/token-norm.ts";
import { type Attending, type AttentionOptions, attention, crossAttention } from "./attention.ts";
import { type FeedForward, feedForward } from "./feed-forward.ts";

export interface BlockOptions {
  readonly width: number;
  readonly heads: number;
  /** Width of a head, `width / heads` by default. */
  readonly headDim?: number;
  /** Hidden width of the feed-forward layers, as a multiple of `width`. */
  readonly mlpRatio: number;
  readonly dropPath?: number;
  /** Of attention weights and of each branch's output. */
  readonly dropout?: number;
  /** Norms before each branch (ViT, GPT-2), or after each sum (BERT, and the original Transformer). */
  readonly norm?: "pre" | "post";
  /** Each token by itself, or each value over all tokens of the batch (PatchTST). */
  readonly normOver?: "layer" | "batch";
  /** Added to variances; 1e-6 as in timm's ViT. */
  readonly epsilon?: number;
  readonly rotary?: boolean;
  /** Whether keys have a bias; by default they do. */
  readonly keyBias?: boolean;
  /** By default exact GELU. */
  readonly mlp?: FeedForward;
  /** LayerScale: initial factor of each value of a branch's output. By default there are none. */
  readonly layerScale?: number;
  readonly initial?: AttentionOptions["initial"];
  /** Whether a pre-norm block has the norm before its attention; not where what it reads has just been normalised. */
  readonly attentionNorm?: boolean;
}

/**
 * One Transformer block, `[batch, tokens, width]` → the same: ViT's (timm's `Block`) pre-norm, BERT's post-norm. With
 * `layerScale` each branch's output is multiplied by `scale1` and `scale2`, one trained factor for each of its values. Touvron
 * et al. 2021, https://arxiv.org/abs/2103.17239
 */
export function transformerBlock(options: BlockOptions) {
  const { width, heads, mlpRatio, dropPath: rate = 0, dropout: dropped = 0, norm = "pre", epsilon } = options;
  const { rotary, headDim, keyBias, layerScale, initial, attentionNorm = true } = options;
  const layers = {
    norm1: tokenNorm(width, options.normOver, epsilon),
    attention: attention(width, heads, { rotary, dropout: dropped, headDim, keyBias, initial }),
    norm2: tokenNorm(width, options.normOver, epsilon),
    feed: feedForward(
      width,
      Math.round(width * mlpRatio),
      options.mlp,
      initial && (initial === "truncated-normal" ? initial : "xavier"),
    ),
  };
  const init = (rng: Rng) => ({
    ...(attentionNorm ? { norm1: layers.norm1.init() } : {}),
    attention: layers.attention.init(rng.split("attention")),
    ...(layerScale ? { scale1: filled([width], layerScale) } : {}),
    norm2: layers.norm2.init(),
    ...layers.feed.init(rng),
    ...(layerScale ? { scale2: filled([width], layerScale) } : {}),
  });
  type BlockParams = Traced<ParamsOf<{ init: typeof init }>>;
  const first = ({ norm1 }: BlockParams, x: Array) => (norm1 ? layers.norm1.apply(norm1, x) : x);
  return {
    init,
    /** The block's attention weights, `[batch, heads, tokens, tokens]`. */
    attention: (params: BlockParams, x: Array, attending: Attending = {}): Array => {
      const input = norm === "post" ? x : first(params, x);
      return layers.attention.weights(params.attention, input, attending);
    },
    apply(params: BlockParams, x: Array, attending: Attending = {}): Array {
      const scaled = (branch: Array, scale: Array | undefined) => (scale ? np.multiply(branch, scale) : branch);
      const attend = (input: Array) =>
        scaled(layers.attention.apply(params.attention, input, attending), params.scale1);
      const feed = (input: Array) => scaled(layers.feed.apply(params, input), params.scale2);
      const add = (before: Array, branch: Array) => np.add(before, dropPath(dropout(branch, dropped), rate));
      const norm1 = (input: Array) => first(params, input);
      const norm2 = (input: Array) => layers.norm2.apply(params.norm2, input);
      if (norm === "post") {
        const middle = norm1(add(x, attend(x)));
        return norm2(add(middle, feed(middle)));
      }
      const middle = add(x, attend(norm1(x)));
      return add(middle, feed(norm2(middle)));
    },
  };
}

/**
 * One decoder block: self-attention, cross-attention to the encoder's output, feed-forward; norms as in
 * `transformerBlock`.
 */
export function decoderBlock(options: Omit<BlockOptions, "dropPath" | "rotary" | "headDim" | "normOver">) {
  const { width, heads, mlpRatio, dropout: dropped = 0, norm = "pre", epsilon } = options;
  const hidden = Math.round(width * mlpRatio);
  const layers = {
    norm1: layerNorm(width, epsilon),
    attention: attention(width, heads, { dropout: dropped }),
    norm2: layerNorm(width, epsilon),
    cross: crossAttention(width, heads, { dropout: dropped }),
    norm3: layerNorm(width, epsilon),
    up: linear(width, hidden),
    down: linear(hidden, width),
  };
  const init = (rng: Rng) => ({
    norm1: layers.norm1.init(),
    attention: layers.attention.init(rng.split("attention")),
    norm2: layers.norm2.init(),
    cross: layers.cross.init(rng.split("cross")),
    norm3: layers.norm3.init(),
    up: layers.up.init(rng.split("up")),
    down: layers.down.init(rng.split("down")),
  });
  return {
    init,
    /**
     * @param x `[batch, tokens, width]`
     * @param memory the encoder's output, `[batch, others, width]`
     * @param bias of self-attention, to make it causal; `memoryBias` of cross-attention, for the padding of `memory`
     */
    apply(
      params: Traced<ParamsOf<{ init: typeof init }>>,
      x: Array,
      memory: Array,
      { bias, memoryBias }: { bias?: Array; memoryBias?: Array } = {},
    ): Array {
      const branches: ((input: Array) => Array)[] = [
        (input) => layers.attention.apply(params.attention, input, { bias }),
        (input) => layers.cross.apply(params.cross, input, memory, { bias: memoryBias }),
        (input) => layers.down.apply(params.down, gelu(layers.up.apply(params.up, input))),
      ];
      const norms = ([1, 2, 3] as const).map(
        (which) => (input: Array) => layers[`norm${which}`].apply(params[`norm${which}`], input),
      );
      return branches.reduce((before, branch, index) => {
        const normalise = norms[index]!;
        if (norm === "post") return normalise(np.add(before, dropout(branch(before), dropped)));
        return np.add(before, dropout(branch(normalise(before)), dropped));
      }, x);
    },
  };
}
