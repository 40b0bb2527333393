import type { Array } from "../../array/index.ts";
import { binaryCrossEntropy } from "../supervised/binary-cross-entropy.ts";

/**
 * ELECTRA's discriminator: is each token the original one? Binary cross-entropy, the mean over tokens that are not
 * padding. Clark et al. 2020, https://arxiv.org/abs/2003.10555
 * @param logits `[batch, tokens]`, above 0 for "replaced"
 * @param replaced `[batch, tokens]`, 1 where a token was replaced by another
 * @param present `[batch, tokens]`, 0 for padding
 * @returns scalar
 */
export function replacedTokenDetection(logits: Array, replaced: Array, present: Array): Array {
  return binaryCrossEntropy(logits, replaced, { weights: present });
}
