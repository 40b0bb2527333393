import { type Array, lax, np } from "../../array/index.ts";

/**
 * Commitment loss, which keeps the encoder near its codes: ‖z − sg(e)‖², the mean over all values, to be weighted by β. The
 * third term of equation 3 of VQ-VAE, van den Oord et al. 2017, https://arxiv.org/abs/1711.00937. Codes that are running
 * means do not need the second term, as in Sonnet's `VectorQuantizerEMA` (https://github.com/google-deepmind/sonnet).
 * @param z the encoder's output, `[…, codeDim]`
 * @param e the code chosen for each, the same shape; no straight-through here, and no gradient
 * @returns scalar
 */
export const commitment = (z: Array, e: Array): Array => np.mean(np.square(np.subtract(z, lax.stopGradient(e))));

/**
 * Effective number of codes in use: exp of the entropy of their shares, scalar in [1, codes].
 * @param chosen one-hot rows, `[rows, codes]`
 */
export function perplexity(chosen: Array): Array {
  const share = np.mean(chosen, 0);
  return np.exp(np.negative(np.sum(np.multiply(share, np.log(np.add(share, 1e-10))))));
}

/** Share of the codes that some row chose, scalar in (0, 1]. @param chosen one-hot rows, `[rows, codes]` */
export const codebookUsage = (chosen: Array): Array => np.mean(np.max(chosen, 0));
