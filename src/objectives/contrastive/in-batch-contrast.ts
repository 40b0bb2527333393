import { type Array, nn, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";
import { normalize } from "../parts/normalize.ts";

/**
 * InfoNCE within a batch: the cross-entropy of identifying each query's candidate among the candidates of all rows, by
 * cosine similarity over `temperature`; the mean over rows. SimCSE's loss, Gao et al. 2021, equation 1, https://arxiv.org/abs/2104.08821,
 * and one direction of MoCo v3's and NNCLR's. Unlike NT-Xent it goes one way only, and queries are not compared with
 * each other.
 * @param queries `[N, dim]`
 * @param candidates `[N, dim]`, row i the partner of query i
 * @returns scalar
 */
export function inBatchContrast(queries: Array, candidates: Array, { temperature }: { temperature: number }): Array {
  const [unit, others] = [normalize(queries), normalize(candidates)];
  const logits = np.multiply(np.matmul(unit, np.transpose(others)), 1 / temperature);
  const positives = np.multiply(np.sum(np.multiply(unit, others), -1), 1 / temperature);
  return np.mean(np.subtract(nn.logsumexp(logits, -1), positives));
}

/** Share of queries that are nearest to their own candidate, scalar in [0, 1]. */
export function inBatchAccuracy(queries: Array, candidates: Array): Array {
  const similarity = np.matmul(normalize(queries), np.transpose(normalize(candidates)));
  const isPositive = onDiagonal(similarity.shape[0]!);
  const positives = np.max(np.where(isPositive, similarity, -4), -1);
  const negatives = np.max(np.where(isPositive, -4, similarity), -1);
  return np.mean(np.where(np.greater(positives, negatives), 1, 0));
}
