import { type Array, nn, np } from "../../array/index.ts";
import { normalize } from "../parts/normalize.ts";

/**
 * CLIP's symmetric cross-entropy: which text belongs to each image, and which image to each text, by cosine similarity times
 * `scale`; the mean of both directions. Radford et al. 2021, figure 3, https://arxiv.org/abs/2103.00020
 * @param images `[N, dim]`, normalised here
 * @param texts `[N, dim]`, row i belongs to row i of `images`; normalised here
 * @param options.scale scalar, the inverse of the temperature
 * @returns scalar
 */
export function clip(images: Array, texts: Array, { scale }: { scale: Array }): Array {
  const [first, second] = [normalize(images), normalize(texts)];
  const logits = np.multiply(np.matmul(first, np.transpose(second)), scale);
  const positives = np.mean(np.multiply(np.sum(np.multiply(first, second), -1), scale));
  const toTexts = np.mean(nn.logsumexp(logits, 1));
  const toImages = np.mean(nn.logsumexp(logits, 0));
  return np.subtract(np.multiply(np.add(toTexts, toImages), 0.5), positives);
}
