import { type Array, lax, np, type Rng } from "../array/index.ts";

/**
 * Vectors to choose from, `codes` `[codes, codeDim]`. VQ-VAE, van den Oord et al. 2017, https://arxiv.org/abs/1711.00937
 * Uniform with variance 1 at first, which is that of batch-normalised vectors.
 */
export function codebook(codes: number, codeDim: number) {
  const limit = Math.sqrt(3);
  return {
    init: (rng: Rng) => ({ codes: rng.uniforms([codes, codeDim], -limit, limit) }),
    /** Index of the code nearest to each row, int32 `[rows]`; no gradient. @param z `[rows, codeDim]` */
    nearest(params: { codes: Array }, z: Array): Array {
      const known = lax.stopGradient(params.codes);
      const products = np.matmul(lax.stopGradient(z), np.transpose(known));
      // |z − e|² without |z|², which is the same for all codes.
      return np.argmin(np.subtract(np.sum(np.square(known), -1), np.multiply(products, 2)), 1);
    },
    /** One-hot rows, `[rows, codes]`. A comparison: jax-js' `oneHot` keeps a table of codes × codes. */
    oneHot: (indices: Array): Array => np.where(np.equal(np.reshape(indices, [-1, 1]), np.arange(codes)), 1, 0),
    /** The codes that one-hot rows stand for, `[rows, codeDim]`. */
    lookUp: (params: { codes: Array }, chosen: Array): Array => np.matmul(chosen, params.codes),
  };
}
