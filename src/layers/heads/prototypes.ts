import { type Array, np, type Rng } from "../../array/index.ts";

/** At unit length over the last axis; zeros stay zeros. */
const unit = (x: Array): Array =>
  np.multiply(x, np.reciprocal(np.sqrt(np.add(np.sum(np.square(x), -1, { keepdims: true }), 1e-12))));

/**
 * Cosine similarities to trained prototypes, `[…, dim]` → `[…, count]`: a weight-normalised linear layer without bias
 * whose gain stays 1, applied to inputs of unit length. Weight `[count, dim]`, of which only the directions matter;
 * initialised like PyTorch's linear layer.
 */
export const prototypes = (dim: number, count: number) => ({
  init: (rng: Rng) => ({ weight: rng.uniforms([count, dim], -1 / Math.sqrt(dim), 1 / Math.sqrt(dim)) }),
  apply: (params: { weight: Array }, x: Array): Array => np.matmul(unit(x), np.transpose(unit(params.weight))),
});
