import { type Array, np } from "../../array/index.ts";
import { normalize } from "../parts/normalize.ts";
import { accuracy, crossEntropy } from "../supervised/cross-entropy.ts";

export interface CodeOptions {
  readonly temperature: number;
  /** Added to the scores of the codes, `[codes]`: large and negative for those that are not in use. */
  readonly bias?: Array;
}

/** Cosine similarities over the temperature, `[rows, codes]`. */
function codeLogits(predictions: Array, codes: Array, { temperature, bias }: CodeOptions): Array {
  const logits = np.multiply(np.matmul(normalize(predictions), np.transpose(normalize(codes))), 1 / temperature);
  return bias ? np.add(logits, bias) : logits;
}

/**
 * HuBERT's loss: the cross-entropy of identifying each row's code by cosine similarity over `temperature`, the mean over
 * rows. Hsu et al. 2021, equation 3, https://arxiv.org/abs/2106.07447
 * @param predictions `[rows, dim]`
 * @param codes embeddings of the codes, `[codes, dim]`
 * @param labels int32 `[rows]`
 * @returns scalar
 */
export const hubert = (predictions: Array, codes: Array, labels: Array, options: CodeOptions): Array =>
  crossEntropy(codeLogits(predictions, codes, options), labels);

/** Share of rows that are nearest to their code, scalar in [0, 1]. */
export const hubertAccuracy = (predictions: Array, codes: Array, labels: Array, options: CodeOptions): Array =>
  accuracy(codeLogits(predictions, codes, options), labels);
