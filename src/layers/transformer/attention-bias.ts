import { type Array, constant, float32, np } from "../../array/index.ts";

/** Makes a softmax give 0: far below any score, but finite, since an infinity could become a NaN. */
const NEVER = -1e9;

/**
 * Added to attention scores so that no token attends to padding or, with `causal`, to later tokens.
 * @param mask `[batch, tokens]`, 0 for padding
 * @returns `[batch, 1, 1 or tokens, tokens]`
 */
export function attentionBias(mask: Array, { causal = false }: { causal?: boolean } = {}): Array {
  const tokens = mask.shape[1]!;
  const padding = np.where(np.equal(np.reshape(mask, [-1, 1, 1, tokens]), 0), NEVER, 0);
  return causal ? np.add(padding, causalBias(tokens)) : padding;
}

/** Of local attention: −10⁹ between tokens that are more than half a window apart, `[tokens, tokens]`. */
export function windowBias(tokens: number, window: number): Array {
  const values = Float32Array.from({ length: tokens * tokens }, (_, index) =>
    Math.abs((index % tokens) - Math.floor(index / tokens)) > window / 2 ? NEVER : 0,
  );
  return constant(float32(values, [tokens, tokens]));
}

/** The causal part alone, `[tokens, tokens]`: −10⁹ above the diagonal. */
export function causalBias(tokens: number): Array {
  const values = Float32Array.from({ length: tokens * tokens }, (_, index) =>
    index % tokens > Math.floor(index / tokens) ? NEVER : 0,
  );
  return constant(float32(values, [tokens, tokens]));
}
