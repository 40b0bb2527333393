import { type Array, filled, np, type Rng, type Traced } from "../../array/index.ts";
import { dropout } from "../functions/dropout.ts";
import { softmax } from "../functions/softmax.ts";
import type { ParamsOf } from "../layer.ts";
import { affine, type InitialWeights, type LinearParams, linear } from "../linear.ts";
import { type Rotation, rotate, rotateBy } from "./rotary.ts";

export interface AttentionOptions {
  /** Rotary positions for queries and keys. */
  readonly rotary?: boolean;
  /** Share of the attention weights dropped in training. */
  readonly dropout?: number;
  /** Width of a head, `width / heads` by default; differs once heads were pruned. */
  readonly headDim?: number;
  /** Whether keys have a bias; by default they do. Without one, `qkv.bias` is that of queries and values. */
  readonly keyBias?: boolean;
  /** How weights start. `xavier-apart`: Xavier's limits of queries, keys and values each by itself, as in MoCo v3. */
  readonly initial?: InitialWeights | "xavier-apart";
}

/** What a call of attention may add to its input. */
export interface Attending {
  /** Broadcastable to `[batch, heads, queries, keys]`: a large negative number where a key is masked. */
  readonly bias?: Array | undefined;
  /** Rotates queries and keys: rotary positions of a grid. */
  readonly rotation?: Rotation | undefined;
}

/**
 * Attention weights, softmax(q · kᵀ / √headDim + bias): `[batch, heads, queries, keys]`.
 * @param query `[batch, heads, queries, headDim]`
 * @param key `[batch, heads, keys, headDim]`
 * @param bias broadcastable to the result; a large negative number where a key is masked
 */
function attentionWeights(query: Array, key: Array, bias: Array | undefined): Array {
  const scaled = np.multiply(query, 1 / Math.sqrt(query.shape[3]!));
  const scores = np.matmul(scaled, np.transpose(key, [0, 1, 3, 2]));
  return softmax(bias ? np.add(scores, bias) : scores);
}

/** `[batch, heads, tokens, headDim]` → `[batch, tokens, width]`. */
const joinHeads = (x: Array): Array => {
  const [batch, heads, tokens, headDim] = x.shape as [number, number, number, number];
  return np.reshape(np.transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * headDim]);
};

/** `[batch, tokens, parts × width]` → `parts` of `[batch, heads, tokens, headDim]`. */
function splitHeads(x: Array, parts: number, heads: number): Array[] {
  const [batch, tokens, all] = x.shape as [number, number, number];
  const headDim = all / parts / heads;
  const apart = np.reshape(x, [batch, tokens, parts, heads, headDim]);
  return np
    .split(np.transpose(apart, [2, 0, 3, 1, 4]), parts, 0)
    .map((part) => np.reshape(part, [batch, heads, tokens, headDim]));
}

/**
 * Multi-head self-attention, `[batch, tokens, width]` → the same. Vaswani et al. 2017,
 * https://arxiv.org/abs/1706.03762. Queries, keys and values come from one product (`qkv`, as in timm).
 */
export function attention(width: number, heads: number, options: AttentionOptions = {}) {
  const inner = heads * (options.headDim ?? width / heads);
  const { keyBias = true } = options;
  const isApart = options.initial === "xavier-apart";
  const initial = isApart ? "xavier" : options.initial;
  const qkv = linear(width, 3 * inner, { initial, parts: isApart ? 3 : 1 });
  const output = linear(inner, width, { initial });
  const withKeys = (params: LinearParams): LinearParams => {
    if (keyBias) return params;
    const [query, value] = np.split(params.bias, 2, 0);
    return { ...params, bias: np.concatenate([query!, np.zeros([inner]), value!], 0) };
  };
  const turn = (x: Array, rotation: Rotation | undefined): Array => {
    const turned = options.rotary ? rotate(x) : x;
    return rotation ? rotateBy(turned, rotation) : turned;
  };
  const split = (params: { qkv: LinearParams }, x: Array, { bias, rotation }: Attending) => {
    const [query, key, value] = splitHeads(affine(withKeys(params.qkv), x), 3, heads);
    if (!query || !key || !value) throw new Error("attention: the product could not be split in three");
    return { weights: attentionWeights(turn(query, rotation), turn(key, rotation), bias), value };
  };
  return {
    init: (rng: Rng) => ({
      qkv: { ...qkv.init(rng.split("qkv")), ...(keyBias ? {} : { bias: filled([2 * inner], 0) }) },
      output: output.init(rng.split("output")),
    }),
    /** Attention weights, `[batch, heads, tokens, tokens]`; rows sum to 1. */
    weights: (params: { qkv: LinearParams }, x: Array, attending: Attending = {}): Array =>
      split(params, x, attending).weights,
    apply(params: { qkv: LinearParams; output: LinearParams }, x: Array, attending: Attending = {}): Array {
      const { weights, value } = split(params, x, attending);
      return output.apply(params.output, joinHeads(np.matmul(dropout(weights, options.dropout ?? 0), value)));
    },
  };
}

/**
 * Multi-head attention of `x` `[batch, tokens, width]` to another sequence `memory` `[batch, others, width]`: the
 * middle part of a decoder's block. Keys and values come from one product, `kv`. Vaswani et al. 2017,
 * https://arxiv.org/abs/1706.03762, section 3.2.3.
 * @param width of queries, keys and values, `[batch, …, width]`
 * @returns `apply` and `weights` take a `bias` as `attentionBias` makes it of the memory's mask
 */
export function crossAttention(width: number, heads: number, options: Pick<AttentionOptions, "dropout"> = {}) {
  const q = linear(width, width);
  const kv = linear(width, 2 * width);
  const output = linear(width, width);
  const init = (rng: Rng) => ({
    q: q.init(rng.split("q")),
    kv: kv.init(rng.split("kv")),
    output: output.init(rng.split("output")),
  });
  type CrossParams = Traced<ParamsOf<{ init: typeof init }>>;
  const split = (params: Pick<CrossParams, "q" | "kv">, x: Array, memory: Array, bias: Array | undefined) => {
    const [query] = splitHeads(q.apply(params.q, x), 1, heads);
    const [key, value] = splitHeads(kv.apply(params.kv, memory), 2, heads);
    if (!query || !key || !value) throw new Error("attention: the product could not be split");
    return { weights: attentionWeights(query, key, bias), value };
  };
  return {
    init,
    /** Attention weights, `[batch, heads, tokens, others]`; rows sum to 1. */
    weights: (params: Pick<CrossParams, "q" | "kv">, x: Array, memory: Array, { bias }: { bias?: Array } = {}): Array =>
      split(params, x, memory, bias).weights,
    apply(params: CrossParams, x: Array, memory: Array, { bias }: { bias?: Array } = {}): Array {
      const { weights, value } = split(params, x, memory, bias);
      return output.apply(params.output, joinHeads(np.matmul(dropout(weights, options.dropout ?? 0), value)));
    },
  };
}
