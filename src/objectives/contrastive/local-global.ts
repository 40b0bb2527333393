import { type Array, np } from "../../array/index.ts";
import { binaryCrossEntropies } from "../supervised/binary-cross-entropy.ts";

/**
 * InfoGraph's loss: the negative of an estimate of the mutual information of nodes and graphs by the Jensen–Shannon divergence.
 * Nodes should score high with their own graph, low with the others of the batch. Sun et al. 2020, equation 4,
 * https://arxiv.org/abs/1908.01000, as in its code (https://github.com/sunfanyunn/InfoGraph): each expectation is a mean over pairs,
 * and log 2 is added to the one, subtracted from the other.
 * @param local `[graphs, N, dim]`, of nodes
 * @param global `[graphs, dim]`, of graphs, at least two
 * @param options.there `[graphs, N]`, 1 for a node and 0 for padding
 * @returns scalar; 0 where nothing is told apart, −2·log 2 at best
 */
export function localGlobal(local: Array, global: Array, { there }: { there: Array }): Array {
  const { scores, own } = scoresOf(local, global);
  const counted = np.expandDims(there, 2);
  const nodes = np.maximum(np.sum(there), 1);
  const others = np.multiply(nodes, global.shape[0]! - 1);
  const positive = np.multiply(counted, np.where(own, np.subtract(Math.LN2, binaryCrossEntropies(scores, 1)), 0));
  const negative = np.multiply(counted, np.where(own, 0, np.subtract(binaryCrossEntropies(scores, 0), Math.LN2)));
  return np.subtract(
    np.multiply(np.sum(negative), np.reciprocal(others)),
    np.multiply(np.sum(positive), np.reciprocal(nodes)),
  );
}

/** Share of nodes that score highest with their own graph, scalar in [0, 1]. Parameters as of `localGlobal`. */
export function localGlobalAccuracy(local: Array, global: Array, { there }: { there: Array }): Array {
  const { scores, own } = scoresOf(local, global);
  const atOwn = np.sum(np.where(own, scores, 0), -1);
  const isRight = np.where(np.greaterEqual(atOwn, np.max(scores, -1)), 1, 0);
  return np.multiply(np.sum(np.multiply(isRight, there)), np.reciprocal(np.maximum(np.sum(there), 1)));
}

/** Products of all nodes and graphs, `[graphs, N, graphs]`, and where a node meets its own graph. */
function scoresOf(local: Array, global: Array): { scores: Array; own: Array } {
  const graphs = global.shape[0]!;
  const own = np.equal(np.reshape(np.arange(graphs), [-1, 1, 1]), np.arange(graphs));
  return {
    scores: np.matmul(local, np.transpose(global)),
    own: np.broadcastTo(own, [...local.shape.slice(0, 2), graphs]),
  };
}
