import { type Array, np } from "../../array/index.ts";
import { accuracy, crossEntropy } from "../supervised/cross-entropy.ts";

/**
 * InfoNCE with the bilinear similarity qᵀ W k: the cross-entropy of identifying each query's key among the keys of the batch, the
 * mean over queries. CURL, Srinivas et al. 2020, section 4.3, https://arxiv.org/abs/2004.04136
 * @param queries `[N, dim]`
 * @param keys `[N, dim]`, row i the positive of query i
 * @param weight W, `[dim, dim]`
 * @returns scalars: the loss, and the share of queries that are nearest to their key
 */
export function bilinearContrast(queries: Array, keys: Array, weight: Array): { loss: Array; accuracy: Array } {
  const logits = np.matmul(np.matmul(queries, weight), np.transpose(keys));
  const labels = np.arange(queries.shape[0]!);
  return { loss: crossEntropy(logits, labels), accuracy: accuracy(logits, labels) };
}
