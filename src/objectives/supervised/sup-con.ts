import { type Array, nn, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";
import { normalize } from "../parts/normalize.ts";

/**
 * Supervised contrastive loss: views of samples with the same label agree. Khosla et al. 2020, equation 2 (L_out),
 * https://arxiv.org/abs/2004.11362. The authors' code multiplies it by temperature / 0.07, 1 at their default; this does
 * not. If no two samples share a label it is NT-Xent.
 * @param z0 `[N, dim]`
 * @param z1 `[N, dim]`, row i another view of row i of `z0`
 * @param labels int32 `[N]`; a sample with label −1 has only its other view as a partner
 * @returns scalar, the mean over all 2N views
 */
export function supCon(z0: Array, z1: Array, labels: Array, { temperature }: { temperature: number }): Array {
  const n = z0.shape[0]!;
  const z = normalize(np.concatenate([z0, z1], 0));
  const similarity = np.multiply(np.matmul(z, np.transpose(z)), 1 / temperature);
  const itself = onDiagonal(2 * n);
  const logProbabilities = np.subtract(
    similarity,
    nn.logsumexp(np.where(itself, -1e9, similarity), -1, { keepdims: true }),
  );
  const column = np.reshape(labels, [-1, 1]);
  const alike = np.logicalAnd(np.equal(column, labels), np.greaterEqual(column, 0));
  const same = np.logicalOr(alike, onDiagonal(n));
  const both = np.concatenate([same, same], 0);
  const partners = np.where(np.logicalAnd(np.concatenate([both, both], 1), np.logicalNot(itself)), 1, 0);
  const perView = np.multiply(np.sum(np.multiply(partners, logProbabilities), -1), np.reciprocal(np.sum(partners, -1)));
  return np.negative(np.mean(perView));
}
