import { type Array, nn, np } from "../../array/index.ts";

/**
 * The rows of `tokens` (`[batch, count, width]`, or `[count, width]` for all samples) at `places` (int32
 * `[batch, chosen]`): a product with a one-hot matrix, whose gradient needs no scatter.
 * @returns `[batch, chosen, width]`
 */
export const rowsAt = (tokens: Array, places: Array): Array =>
  np.matmul(nn.oneHot(places, tokens.shape.at(-2)!), tokens);

/**
 * 1 at the places (int32 `[batch, chosen]`) and 0 elsewhere, `[batch, count]`.
 * @param weights `[batch, chosen]`, 0 for an unused place
 */
export const markedAt = (places: Array, count: number, weights?: Array): Array => {
  const at = nn.oneHot(places, count);
  return np.sum(weights ? np.multiply(at, np.expandDims(weights, 2)) : at, 1);
};

/** The patch tokens, without the class token. */
export const ofPatches = (tokens: Array, { prefix }: { readonly prefix: number }): Array =>
  prefix ? np.split(tokens, [prefix], 1)[1]! : tokens;
