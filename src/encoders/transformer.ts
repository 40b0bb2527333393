import * as z from "zod";
import { type Array, np, type Rng, type Traced } from "../array/index.ts";
import type { Offered } from "../data/ability.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { dropout } from "../layers/functions/dropout.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { layerNorm } from "../layers/norms/layer-norm.ts";
import { attentionBias } from "../layers/transformer/attention-bias.ts";
import { transformerBlock } from "../layers/transformer/transformer.ts";
import { sequence, tokens } from "./abilities.ts";
import { type EncodeOptions, type Encoder, encoder, type Inputs } from "./encoder.ts";

/** Turc et al. 2019, https://arxiv.org/abs/1908.08962: BERT's miniatures, and BERT itself. */
const sizes = {
  tiny: { width: 128, depth: 2, heads: 2 },
  mini: { width: 256, depth: 4, heads: 4 },
  small: { width: 512, depth: 4, heads: 8 },
  medium: { width: 512, depth: 8, heads: 8 },
  base: { width: 768, depth: 12, heads: 12 },
} as const;

/** Added to variances: BERT's (post-norm) and GPT-2's (pre-norm). */
const epsilons = { post: 1e-12, pre: 1e-5 } as const;

interface Shape {
  readonly vocabulary: number;
  readonly length: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of a head, when heads were pruned. */
  readonly headDim?: number | undefined;
  readonly mlpRatio: number;
  readonly norm: "pre" | "post";
  readonly positions: "learned" | "rotary";
  readonly pooling: "mean" | "first";
  readonly dropout: number;
  readonly epsilon: number;
  readonly causal: boolean;
}

/**
 * Transformer encoder of a token sequence. Vaswani et al. 2017, https://arxiv.org/abs/1706.03762. Post-norm with learned
 * positions it is BERT's (Devlin et al. 2018, https://arxiv.org/abs/1810.04805), weight for weight; pre-norm and `causal`,
 * GPT-2's.
 *
 * Reads `ids` and `mask`, int32 `[batch, length]`; nothing attends to tokens whose mask is 0. Parameters: `words` (the
 * token embeddings) `[vocabulary, width]`, `positions` `[length, width]` (when learned), `embeddingNorm` (post-norm),
 * `blocks.N.{norm1,attention.{qkv,output},norm2,up,down}`, `norm` (pre-norm). BERT's embedding of the first segment is
 * part of `positions`. The representation is the mean of the tokens, or the first token.
 */
export const transformer = encoder({
  name: "transformer",
  paper: "https://arxiv.org/abs/1706.03762",
  reads: { ids: 1, mask: 1 },
  abilities: [tokens, sequence],
  options: z.object({
    size: z
      .enum(["tiny", "mini", "small", "medium", "base"])
      .default("mini")
      .describe("width, depth and heads together"),
    width: bounds.width().optional().describe("width of a token; overrides the size's"),
    depth: bounds.depth().optional().describe("number of blocks; overrides the size's"),
    heads: bounds.width().optional().describe("attention heads; overrides the size's"),
    headDim: bounds.width().optional().describe("width of a head; the width over the heads by default"),
    mlpRatio: bounds.ratio().default(4).describe("hidden width of the feed-forward part over the width"),
    norm: z.enum(["pre", "post"]).default("post").describe("norms before each branch (GPT-2), or after it (BERT)"),
    positions: z.enum(["learned", "rotary"]).default("learned").describe("position embeddings"),
    pooling: z
      .enum(["mean", "first"])
      .default("mean")
      .describe("representation: mean of the tokens, or the first token"),
    dropout: z.number().min(0).lt(1).default(0).describe("share of activations dropped in training; 0.1 in BERT"),
    epsilon: z.number().positive().optional().describe("added to variances; by default 1e-12 post-norm, 1e-5 pre-norm"),
    causal: z.boolean().default(false).describe("let each token attend only to those before it"),
  }),

  build(options, specs, vocabulary) {
    const [length] = specs.ids?.shape ?? [];
    if (!length || !vocabulary) throw new UserError("encoder transformer reads text; this data has no vocabulary");
    const size = sizes[options.size];
    const { width = size.width, depth = size.depth, heads = size.heads } = options;
    if (options.causal && options.pooling === "first")
      throw new UserError("the first token of a causal encoder sees nothing but itself; use --pooling mean");
    const epsilon = options.epsilon ?? epsilons[options.norm];
    return build({ ...options, vocabulary: vocabulary.size, length, width, depth, heads, epsilon });
  },
});

function build(shape: Shape): Encoder & Offered<typeof tokens | typeof sequence> {
  const { vocabulary, length, width, depth, heads, mlpRatio, norm, positions, epsilon, causal } = shape;
  const { headDim = width / heads } = shape;
  if (!Number.isInteger(headDim))
    throw new UserError(`a width of ${width} cannot be split into ${heads} heads; choose heads that divide it`);
  if (positions === "rotary" && headDim % 2 !== 0)
    throw new UserError(`rotary positions need heads of an even width, not ${headDim}`);
  const rotary = positions === "rotary";
  const blocks = globalThis.Array.from({ length: depth }, () =>
    transformerBlock({ width, heads, headDim, mlpRatio, norm, epsilon, rotary, dropout: shape.dropout }),
  );
  const outerNorm = layerNorm(width, epsilon);
  const wholeHeads = width % headDim === 0 ? width / headDim : 1;

  const init = (rng: Rng) => ({
    words: rng.split("words").truncatedNormal([vocabulary, width], 0.02),
    ...(rotary ? {} : { positions: rng.split("positions").truncatedNormal([length, width], 0.02) }),
    ...(norm === "post" ? { embeddingNorm: outerNorm.init() } : {}),
    blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
    ...(norm === "pre" ? { norm: outerNorm.init() } : {}),
  });
  type TransformerParams = Traced<ParamsOf<{ init: typeof init }>>;

  const inputsOf = ({ ids, mask }: Inputs): { ids: Array; mask: Array } => {
    if (!ids || !mask) throw new Error("transformer: no ids and mask among the inputs");
    return { ids, mask };
  };

  /** The input of the first block, `[batch, length, width]`. */
  const embedded = (params: TransformerParams, inputs: Inputs, { keep, masked }: EncodeOptions): Array => {
    if (keep) throw new Error("transformer: tokens cannot be dropped; mask them");
    const { ids } = inputsOf(inputs);
    const embeddings = np.take(params.words, ids, 0);
    const hidden = masked && np.reshape(masked.at, [...ids.shape, 1]);
    const visible = hidden
      ? np.add(np.multiply(np.subtract(1, hidden), embeddings), np.multiply(hidden, masked.token))
      : embeddings;
    const placed = params.positions ? np.add(visible, params.positions) : visible;
    return dropout(params.embeddingNorm ? outerNorm.apply(params.embeddingNorm, placed) : placed, shape.dropout);
  };

  const outputs = (params: TransformerParams, inputs: Inputs, options: EncodeOptions = {}): Array[] => {
    const bias = attentionBias(inputsOf(inputs).mask, { causal });
    let x = embedded(params, inputs, options);
    return blocks.map((block, index) => {
      x = block.apply(params.blocks[index]!, x, { bias });
      return x;
    });
  };

  const encode = (params: TransformerParams, inputs: Inputs, options?: EncodeOptions): Array => {
    const last = outputs(params, inputs, options).at(-1)!;
    return params.norm ? outerNorm.apply(params.norm, last) : last;
  };

  const pool = (hidden: Array, inputs: Inputs): Array => {
    if (shape.pooling === "first") return np.reshape(np.split(hidden, [1], 1)[0]!, [-1, width]);
    const present = np.where(np.equal(inputsOf(inputs).mask, 0), 0, 1);
    const sum = np.sum(np.multiply(hidden, np.reshape(present, [-1, length, 1])), 1);
    return np.multiply(sum, np.reciprocal(np.maximum(np.sum(present, 1, { keepdims: true }), 1)));
  };

  const narrowed = (share: number) => {
    const fewer = Math.max(1, Math.round(wholeHeads * share));
    return build({ ...shape, width: fewer * headDim, heads: fewer, headDim: undefined });
  };

  const tokenAbility = { count: length, width, prefix: 0, encode, blocks: outputs };
  return {
    name: "transformer",
    embedDim: width,
    init,
    apply: (params: TransformerParams, inputs: Inputs) => pool(encode(params, inputs), inputs),
    hidden: (params: TransformerParams, inputs: Inputs) => encode(params, inputs),
    tokens: tokenAbility,
    sequence: {
      ...tokenAbility,
      ...{ vocabulary, causal, epsilon, dropout: shape.dropout, wholeHeads, narrowed },
      pool,
      table: (params: TransformerParams) => params.words,
    },
    hyperparameters: {
      ...{ vocabulary, length, width, depth, heads, mlpRatio, norm, positions, epsilon, dropout: shape.dropout },
      ...{ pooling: shape.pooling, causal: String(causal) },
      ...(shape.headDim === undefined ? {} : { headDim }),
    },
  };
}
