import { type Array, np } from "../../array/index.ts";

/**
 * wav2vec 2.0's diversity loss, which is 0 where every code is used as often as the others: the share of the codes that is
 * not in use, (groups · codes − Σ exp(H)) / (groups · codes), with the entropy H of a group's mean shares. Baevski et al.
 * 2020, equation 4, https://arxiv.org/abs/2006.11477, in the form of fairseq (the paper's −H is not exponentiated).
 * @param shares softmax over the codes without noise, `[rows, groups, codes]`
 * @returns scalar in [0, 1)
 */
export function codebookDiversity(shares: Array): Array {
  const [, groups, codes] = shares.shape as [number, number, number];
  const mean = np.mean(shares, 0);
  const entropy = np.negative(np.sum(np.multiply(mean, np.log(np.add(mean, 1e-7))), -1));
  return np.subtract(1, np.multiply(np.sum(np.exp(entropy)), 1 / (groups * codes)));
}
