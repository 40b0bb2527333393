import { type Array, nn, np, type Rng } from "../array/index.ts";
import { type LinearParams, linear } from "./linear.ts";

/**
 * Multi-head self-attention, `[batch, tokens, width]` → the same. Vaswani et al. 2017,
 * https://arxiv.org/abs/1706.03762. Queries, keys and values come from one product (`qkv`, as in timm).
 */
export function attention(width: number, heads: number) {
  const headDim = width / heads;
  const qkv = linear(width, 3 * width);
  const output = linear(width, width);
  const split = (params: { qkv: LinearParams }, x: Array, bias?: Array) => {
    const [batch, tokens] = x.shape as [number, number, number];
    const all = np.reshape(qkv.apply(params.qkv, x), [batch, tokens, 3, heads, headDim]);
    const [query, key, value] = np
      .split(np.transpose(all, [2, 0, 3, 1, 4]), 3, 0)
      .map((part) => np.reshape(part, [batch, heads, tokens, headDim]));
    if (!query || !key || !value) throw new Error("attention: the product could not be split in three");
    const scores = np.matmul(np.multiply(query, 1 / Math.sqrt(headDim)), np.transpose(key, [0, 1, 3, 2]));
    return { weights: nn.softmax(bias ? np.add(scores, bias) : scores, -1), value };
  };
  return {
    init: (rng: Rng) => ({ qkv: qkv.init(rng.split("qkv")), output: output.init(rng.split("output")) }),
    /** Who looks where: `[batch, heads, tokens, tokens]`, rows that sum to 1. */
    weights: (params: { qkv: LinearParams }, x: Array): Array => split(params, x).weights,
    /** @param bias added to the scores, `[tokens, tokens]` from query to key or with `[batch, 1, …]` in front */
    apply(params: { qkv: LinearParams; output: LinearParams }, x: Array, bias?: Array): Array {
      const { weights, value } = split(params, x, bias);
      const mixed = np.matmul(weights, value);
      return output.apply(params.output, np.reshape(np.transpose(mixed, [0, 2, 1, 3]), x.shape));
    },
  };
}
