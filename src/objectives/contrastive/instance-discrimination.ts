import { type Array, np } from "../../array/index.ts";
import { normalize } from "../parts/normalize.ts";
import { crossEntropy } from "../supervised/cross-entropy.ts";

/**
 * Instance discrimination: every sample is its own class, with its entry of the memory bank as weight vector.
 * Wu et al. 2018, equation 2, https://arxiv.org/abs/1805.01978
 *
 * This is the non-parametric softmax over the whole bank, as in the released code with `--nce-k 0`
 * (https://github.com/zhirongw/lemniscate.pytorch, `LinearAverage`), not its NCE estimate.
 * @param z `[N, dim]`, normalised here
 * @param bank `[samples, dim]`, rows of length 1
 * @param index int32 `[N]`, each row's sample in the bank
 * @returns scalar
 */
export const instanceDiscrimination = (
  z: Array,
  bank: Array,
  index: Array,
  { temperature }: { temperature: number },
): Array => crossEntropy(np.multiply(np.matmul(normalize(z), np.transpose(bank)), 1 / temperature), index);
