import { type Array, nn, np } from "../../array/index.ts";
import { normalize } from "../parts/normalize.ts";

interface Options {
  readonly temperature: number;
}

/**
 * InfoNCE with a queue of negatives, as in MoCo. He et al. 2019, equation 1, https://arxiv.org/abs/1911.05722
 *
 * For each query the cross-entropy of identifying its key among the keys in the queue, by cosine similarity over
 * `temperature`; the mean over queries. Other samples of the batch are not negatives.
 * @param queries `[N, dim]`, normalised here
 * @param keys `[N, dim]`, row i the positive of query i; normalised here
 * @param queue `[size, dim]`, rows of length 1
 * @returns scalar
 */
export function infoNce(queries: Array, keys: Array, queue: Array, options: Options): Array {
  const { positives, negatives } = similarities(queries, keys, queue, options);
  return np.mean(np.subtract(nn.logsumexp(np.concatenate([positives, negatives], 1), -1), np.sum(positives, 1)));
}

/** Share of queries that are nearer to their key than to any key in the queue, scalar in [0, 1]. */
export function infoNceAccuracy(queries: Array, keys: Array, queue: Array): Array {
  const { positives, negatives } = similarities(queries, keys, queue, { temperature: 1 });
  return np.mean(np.where(np.greater(np.sum(positives, 1), np.max(negatives, 1)), 1, 0));
}

/** Cosine similarities over the temperature: `positives` `[N, 1]`, `negatives` `[N, size]`. */
function similarities(queries: Array, keys: Array, queue: Array, { temperature }: Options) {
  const unit = normalize(queries);
  const positives = np.sum(np.multiply(unit, normalize(keys)), -1, { keepdims: true });
  const negatives = np.matmul(unit, np.transpose(queue));
  return { positives: np.multiply(positives, 1 / temperature), negatives: np.multiply(negatives, 1 / temperature) };
}
