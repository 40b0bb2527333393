import { type Array, nn, np } from "../../array/index.ts";
import { atLabels } from "../supervised/cross-entropy.ts";

/**
 * Bag-of-words prediction: one vector predicts the set T of a text's tokens. −1/|T| Σ_{t ∈ T} log softmax_t, the mean over
 * texts. Ma et al. 2024, https://arxiv.org/abs/2401.11248
 * @param logits `[batch, vocabulary]`
 * @param tokens int32 `[batch, most]`, each token of a text once; padding where the share is 0
 * @param shares `[batch, most]`, 1/|T| for each token of T
 * @returns scalar
 */
export const bagOfWords = (logits: Array, tokens: Array, shares: Array): Array =>
  np.negative(np.mean(np.sum(np.multiply(shares, atLabels(nn.logSoftmax(logits, -1), tokens)), -1)));
