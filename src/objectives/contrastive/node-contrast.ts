import { type Array, nn, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";
import { normalize } from "../parts/normalize.ts";
import { weightedMean } from "../supervised/cross-entropy.ts";

/**
 * GRACE's loss: of each node of a view, the cross-entropy of identifying itself in the other view among all nodes of both views
 * of its graph but itself, by cosine similarity over `temperature`; the mean over the nodes of both views.
 * Zhu et al. 2020, equations 1 and 2, https://arxiv.org/abs/2006.04131. Of one graph, it is NT-Xent over its nodes.
 * @param z0 `[graphs, N, dim]`
 * @param z1 the same shape; the nodes in the same places
 * @param options.there `[graphs, N]`, 1 for a node and 0 for padding
 * @returns scalar
 */
export function nodeContrast(
  z0: Array,
  z1: Array,
  { there, temperature }: { there: Array; temperature: number },
): Array {
  const nodes = z0.shape[1]!;
  const [u, v] = [normalize(z0), normalize(z1)];
  const z = np.concatenate([u, v], 1);
  const both = np.concatenate([there, there], 1);
  const similarity = np.multiply(np.matmul(z, np.transpose(z, [0, 2, 1])), 1 / temperature);
  const isNoOther = np.logicalOr(onDiagonal(2 * nodes), np.equal(np.expandDims(both, 1), 0));
  const partner = np.multiply(np.sum(np.multiply(u, v), -1), 1 / temperature);
  const losses = np.subtract(
    nn.logsumexp(np.where(isNoOther, -1e9, similarity), -1),
    np.concatenate([partner, partner], 1),
  );
  return weightedMean(losses, both);
}
