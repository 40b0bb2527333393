import { type Array, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";
import { normalize } from "../parts/normalize.ts";
import { binaryCrossEntropies } from "../supervised/binary-cross-entropy.ts";

/**
 * SigLIP's loss: for each pair of an image and a text of the batch, whether they belong together, by the sigmoid of the cosine
 * similarity times `scale` plus `bias`; the sum over all pairs, over N. Zhai et al. 2023, equation 1, https://arxiv.org/abs/2303.15343
 * @param images `[N, dim]`, normalised here
 * @param texts `[N, dim]`, row i belongs to row i of `images`; normalised here
 * @param options.scale scalar, the inverse of the temperature
 * @param options.bias scalar; negative at first, as nearly all pairs do not belong together
 * @returns scalar
 */
export function siglip(images: Array, texts: Array, { scale, bias }: { scale: Array; bias: Array }): Array {
  const [first, second] = [normalize(images), normalize(texts)];
  const logits = np.add(np.multiply(np.matmul(first, np.transpose(second)), scale), bias);
  const rows = logits.shape[0]!;
  const truth = np.where(onDiagonal(rows), 1, 0);
  return np.multiply(np.sum(binaryCrossEntropies(logits, truth)), 1 / rows);
}
