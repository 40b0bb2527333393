import { type Array, np, type Rng, type Traced } from "../array/index.ts";
import type { Offered } from "../data/ability.ts";
import { UserError } from "../foundation/errors.ts";
import { dropout } from "../layers/functions/dropout.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { layerNorm } from "../layers/norms/layer-norm.ts";
import type { Attending } from "../layers/transformer/attention.ts";
import { attentionBias, windowBias } from "../layers/transformer/attention-bias.ts";
import { sequenceRotation } from "../layers/transformer/rotary.ts";
import { transformerBlock } from "../layers/transformer/transformer.ts";
import { sequence, tokens } from "./abilities.ts";
import { type EncodeOptions, type Encoder, encoder, type Inputs } from "./encoder.ts";
import { withoutBiases } from "./transformer/biases.ts";
import { ROTARY_BASE, sizes, TransformerOptions } from "./transformer/options.ts";

/** Added to variances: BERT's (post-norm) and GPT-2's (pre-norm). */
const epsilons = { post: 1e-12, pre: 1e-5 } as const;

/** All options settled, of a vocabulary. */
interface Shape extends Omit<TransformerOptions, "size"> {
  readonly vocabulary: number;
  readonly length: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly epsilon: number;
}

/**
 * Transformer encoder of a token sequence. Vaswani et al. 2017, https://arxiv.org/abs/1706.03762. Post-norm with learned
 * positions it is BERT's (Devlin et al. 2018, https://arxiv.org/abs/1810.04805), weight for weight; pre-norm and `causal`,
 * GPT-2's; with rotary positions, gated layers and local blocks ModernBERT's (Warner et al. 2024,
 * https://arxiv.org/abs/2412.13663).
 *
 * Reads `ids` and `mask`, int32 `[batch, length]`; nothing attends to tokens whose mask is 0. Parameters: `words` (the
 * token embeddings) `[vocabulary, width]`, `positions` `[length, width]` (when learned), `embeddingNorm` (post-norm,
 * or asked for), `blocks.N.{norm1,attention.{qkv,output},norm2,up,down}`, `norm` (pre-norm). BERT's embedding of the first segment is
 * part of `positions`. The representation is the mean of the tokens, or the first token.
 */
export const transformer = encoder({
  name: "transformer",
  paper: "https://arxiv.org/abs/1706.03762",
  reads: { ids: 1, mask: 1 },
  abilities: [tokens, sequence],
  options: TransformerOptions,

  build(options, specs, vocabulary) {
    const [length] = specs.ids?.shape ?? [];
    if (!length || !vocabulary) throw new UserError("encoder transformer reads text; this data has no vocabulary");
    const size = sizes[options.size];
    const { width = size.width, depth = size.depth, heads = size.heads } = options;
    if (options.causal && options.pooling === "first")
      throw new UserError("the first token of a causal encoder sees nothing but itself; use --pooling mean");
    const epsilon = options.epsilon ?? epsilons[options.norm];
    if (options.localWindow !== undefined && options.causal)
      throw new UserError("a causal encoder has no local window; leave out --causal or --local-window");
    return build({ ...options, vocabulary: vocabulary.size, length, width, depth, heads, epsilon });
  },
});

function build(shape: Shape): Encoder & Offered<typeof tokens | typeof sequence> {
  const { vocabulary, length, width, depth, heads, mlpRatio, norm, positions, epsilon, causal } = shape;
  const { headDim = width / heads, mlp, localWindow, globalEvery, embeddingNorm = norm === "post" } = shape;
  if (!Number.isInteger(headDim))
    throw new UserError(`a width of ${width} cannot be split into ${heads} heads; choose heads that divide it`);
  if (positions === "rotary" && headDim % 2 !== 0)
    throw new UserError(`rotary positions need heads of an even width, not ${headDim}`);
  const rotary = positions === "rotary";
  const blocks = globalThis.Array.from({ length: depth }, (_, index) =>
    transformerBlock({
      ...{ width, heads, headDim, mlpRatio, mlp, norm, epsilon, dropout: shape.dropout },
      // Normalised embeddings need no norm before the first attention.
      attentionNorm: norm === "post" || index > 0 || !embeddingNorm,
    }),
  );
  const isLocal = (block: number) => localWindow !== undefined && block % globalEvery !== 0;
  const outerNorm = layerNorm(width, epsilon);
  const wholeHeads = width % headDim === 0 ? width / headDim : 1;

  const all = (rng: Rng) => ({
    words: rng.split("words").truncatedNormal([vocabulary, width], 0.02),
    ...(rotary ? {} : { positions: rng.split("positions").truncatedNormal([length, width], 0.02) }),
    ...(embeddingNorm ? { embeddingNorm: outerNorm.init() } : {}),
    blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
    ...(norm === "pre" ? { norm: outerNorm.init() } : {}),
  });
  const init = (rng: Rng) => (shape.biases ? all(rng) : withoutBiases(all(rng)));
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

  const attending = (bias: Array, base: number): Attending & { readonly bias: Array } => ({
    bias,
    ...(rotary ? { rotation: sequenceRotation(length, headDim, base) } : {}),
  });

  const outputs = (params: TransformerParams, inputs: Inputs, options: EncodeOptions = {}): Array[] => {
    const everywhere = attending(attentionBias(inputsOf(inputs).mask, { causal }), shape.rotaryBase);
    const nearby =
      localWindow === undefined
        ? everywhere
        : attending(np.add(everywhere.bias, windowBias(length, localWindow)), shape.localRotaryBase);
    let x = embedded(params, inputs, options);
    return blocks.map((block, index) => {
      x = block.apply(params.blocks[index]!, x, isLocal(index) ? nearby : everywhere);
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
      ...(mlp === "gelu" ? {} : { mlp }),
      ...(shape.biases ? {} : { biases: "false" }),
      ...(embeddingNorm === (norm === "post") ? {} : { embeddingNorm: String(embeddingNorm) }),
      ...(localWindow === undefined ? {} : { localWindow, globalEvery, localRotaryBase: shape.localRotaryBase }),
      ...(shape.rotaryBase === ROTARY_BASE ? {} : { rotaryBase: shape.rotaryBase }),
    },
  };
}
