import { type Array, lax, np } from "../array/index.ts";

/**
 * What teaches a codebook and keeps the encoder near it: ‖sg(z) − e‖² + β ‖z − sg(e)‖², means over all values. VQ-VAE,
 * van den Oord et al. 2017, equation 3, https://arxiv.org/abs/1711.00937, as in Sonnet's `VectorQuantizer`
 * (https://github.com/google-deepmind/sonnet). The gradient of the first part goes to the codes only, of the second to
 * the encoder only.
 * @param z what the encoder gives, `[…, codeDim]`
 * @param e the code chosen for each, the same shape; no straight-through here
 * @param options.commitment β; 0.25 in the paper
 * @returns scalar
 */
export function vectorQuantization(z: Array, e: Array, { commitment }: { commitment: number }): Array {
  const codebook = np.mean(np.square(np.subtract(lax.stopGradient(z), e)));
  const committed = np.mean(np.square(np.subtract(z, lax.stopGradient(e))));
  return np.add(codebook, np.multiply(committed, commitment));
}

/**
 * How many codes are in use, as if all were used alike: exp of the entropy of their shares, scalar in [1, codes].
 * @param chosen one-hot rows, `[rows, codes]`
 */
export function perplexity(chosen: Array): Array {
  const share = np.mean(chosen, 0);
  return np.exp(np.negative(np.sum(np.multiply(share, np.log(np.add(share, 1e-10))))));
}

/** Share of the codes that some row chose, scalar in (0, 1]. @param chosen one-hot rows, `[rows, codes]` */
export const codebookUsage = (chosen: Array): Array => np.mean(np.max(chosen, 0));
