import { type Array, nn, np } from "../array/index.ts";
import { weightedMean } from "./cross-entropy.ts";

/**
 * ELECTRA's discriminator: is each token the original one? Binary cross-entropy, the mean over tokens that are not
 * padding. Clark et al. 2020, https://arxiv.org/abs/2003.10555
 * @param logits `[batch, tokens]`, above 0 for "replaced"
 * @param replaced `[batch, tokens]`, 1 where a token was replaced by another
 * @param present `[batch, tokens]`, 0 for padding
 * @returns scalar
 */
export function replacedTokenDetection(logits: Array, replaced: Array, present: Array): Array {
  // −y·log σ(x) − (1 − y)·log(1 − σ(x)), without a logarithm of what may have become 0.
  return weightedMean(np.subtract(nn.softplus(logits), np.multiply(logits, replaced)), present);
}
