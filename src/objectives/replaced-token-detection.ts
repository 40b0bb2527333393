import { type Array, np } from "../array/index.ts";
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
  // −y·log σ(x) − (1 − y)·log(1 − σ(x)), without a logarithm of what may have become 0 or an exponential that overflows.
  const softplus = np.add(np.maximum(logits, 0), np.log(np.add(1, np.exp(np.negative(np.abs(logits))))));
  return weightedMean(np.subtract(softplus, np.multiply(logits, replaced)), present);
}
