import { type Array, nn, np } from "../../array/index.ts";
import { atLabels } from "../supervised/cross-entropy.ts";

/**
 * Bag-of-words prediction: how well one vector tells which words a text has, in whatever order. −1/|T| Σ_{w ∈ T} log
 * softmax_w over the set T of a text's words, the mean over texts. Ma et al. 2024, https://arxiv.org/abs/2401.11248
 * @param logits `[batch, vocabulary]`
 * @param words int32 `[batch, most]`, each word of a text once, and any where the share is 0
 * @param shares `[batch, most]`, 1/|T| for each word of T
 * @returns scalar
 */
export const bagOfWords = (logits: Array, words: Array, shares: Array): Array =>
  np.negative(np.mean(np.sum(np.multiply(shares, atLabels(nn.logSoftmax(logits, -1), words)), -1)));
