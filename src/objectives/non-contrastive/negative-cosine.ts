import { type Array, np } from "../../array/index.ts";
import { normalize } from "../parts/normalize.ts";

/**
 * Negative cosine similarity, the mean over rows. SimSiam, Chen & He 2020, equation 1, https://arxiv.org/abs/2011.10566;
 * BYOL's regression loss (https://arxiv.org/abs/2006.07733) is 2 + 2 times this.
 *
 * There is no stop-gradient inside: the method decides which side is the target.
 * @param p `[N, dim]`
 * @param z `[N, dim]`
 * @returns scalar in [−1, 1]
 */
export const negativeCosine = (p: Array, z: Array): Array =>
  np.negative(np.mean(np.sum(np.multiply(normalize(p), normalize(z)), -1)));
