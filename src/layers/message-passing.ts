import { type Array, lax, np, type Rng, segmentSum } from "../array/index.ts";
import { columnCodes } from "./functions/column-codes.ts";
import { oneHot } from "./functions/one-hot.ts";

/** Up to so many nodes a graph's matrix is made by products of one-hot places, which cost least then. */
export const FEW_NODES = 128;
/** Most nodes of a graph with a matrix, and most elements of a batch's. Sums along edges cost ONNX Runtime much more. */
const MATRIX_NODES = 4096;
const MATRIX_ELEMENTS = 2 ** 24;

/** How messages are added up: over a matrix from products, over one filled edge by edge, or along the edges. */
type Form = "products" | "matrix" | "edges";

/** Who is connected with whom in a batch of graphs; made once, for all layers. */
export interface Wiring {
  /** Sums of each node's own vector and its neighbours', `[batch, nodes, width]` to the same. */
  sum(vectors: Array): Array;
  /** Number of each node's neighbours that are in the graph, `[batch, nodes, 1]`. */
  readonly degrees: Array;
  /**
   * How often each code of each edge column is among a node's edges, then a 1 for the node itself,
   * `[batch, nodes, codes of all columns + 1]`.
   */
  readonly counts: Array;
}

/**
 * Reads the input `edges`: int32 `[batch, edges, 2 + columns]`, two places and codes of an edge that goes both ways; a row with
 * 0 for its first code is padding.
 * @param nodes of a graph
 * @param sizes number of codes of each edge column
 * @param form all give the same; the fastest by default
 */
export function wiring(
  edges: Array,
  nodes: number,
  sizes: readonly number[],
  form: Form = formFor(edges.shape[0]!, nodes),
): Wiring {
  const [from, to, codes] = np.split(edges, [1, 2], 2) as [Array, Array, Array];
  const there = np.greater(np.split(codes, [1], 2)[0]!, 0).astype(np.float32);
  const kinds = np.multiply(columnCodes(sizes).oneHot(codes), there);
  return form === "products"
    ? fromProducts({ from, to, there, kinds }, nodes)
    : fromEdges({ from, to, there, kinds }, nodes, form);
}

function formFor(batch: number, nodes: number): Form {
  if (nodes <= FEW_NODES) return "products";
  return nodes <= MATRIX_NODES && batch * nodes * nodes <= MATRIX_ELEMENTS ? "matrix" : "edges";
}

/** Columns of a batch's edges: places int32 and whether the edge is there, `[batch, edges, 1]`; codes `[batch, edges, codes]`. */
interface Edges {
  readonly from: Array;
  readonly to: Array;
  readonly there: Array;
  readonly kinds: Array;
}

/** With a last column of ones, made of the counts so that it has their free batch in exports. */
const withSelf = (counts: Array): Array =>
  np.concatenate([counts, np.greaterEqual(np.split(counts, [1], 2)[0]!, 0).astype(np.float32)], 2);

/** Sums over a matrix of each graph, `[batch, nodes, nodes]`, that has a 1 where two nodes are connected. */
const overMatrix = (adjacency: Array): Wiring["sum"] => {
  const closed = lax.stopGradient(np.add(adjacency, np.eye(adjacency.shape[1]!)));
  return (vectors) => np.matmul(closed, vectors);
};

function fromProducts({ from, to, there, kinds }: Edges, nodes: number): Wiring {
  const [batch, edges] = there.shape as [number, number, number];
  const at = (places: Array) => np.multiply(oneHot(np.reshape(places, [batch, edges]), nodes), there);
  const [starts, ends] = [at(from), at(to)];
  const towards = np.transpose(np.concatenate([starts, ends], 1), [0, 2, 1]);
  const adjacency = np.matmul(towards, np.concatenate([ends, starts], 1));
  return {
    sum: overMatrix(adjacency),
    degrees: np.sum(adjacency, 2, { keepdims: true }),
    counts: withSelf(np.matmul(np.transpose(np.add(starts, ends), [0, 2, 1]), kinds)),
  };
}

function fromEdges({ from, to, there, kinds }: Edges, nodes: number, form: Form): Wiring {
  const [batch, edges] = there.shape as [number, number, number];
  // All graphs of the batch lie one after the other; each edge is listed once from either end. Each list ends in an operation,
  // as jax-js scatters no views.
  const both = (one: Array, other: Array): Array => np.reshape(np.concatenate([one, other], 1), [-1, one.shape[2]!]);
  const first = np.reshape(
    np.broadcastTo(np.reshape(np.multiply(np.arange(batch).astype(np.int32), nodes), [batch, 1]), [batch, 2 * edges]),
    [-1],
  );
  const flat = (one: Array, other: Array): Array => np.add(np.reshape(both(one, other), [-1]), first);
  const [senders, receivers, present] = [flat(from, to), flat(to, from), both(there, there)];
  const matrix = (): Array => {
    const places = np.add(np.multiply(receivers, nodes), np.subtract(senders, first));
    return np.reshape(segmentSum(np.multiply(present, present), places, batch * nodes * nodes), [batch, nodes, nodes]);
  };
  const arriving = (messages: Array): Array => {
    const sums = segmentSum(np.multiply(messages, present), receivers, batch * nodes);
    return np.reshape(sums, [batch, nodes, messages.shape[1]!]);
  };
  const alongEdges = (vectors: Array): Array =>
    np.add(arriving(np.take(np.reshape(vectors, [batch * nodes, -1]), senders, 0)), vectors);
  return {
    sum: form === "matrix" ? overMatrix(matrix()) : alongEdges,
    degrees: arriving(present),
    counts: withSelf(arriving(both(kinds, kinds))),
  };
}

/**
 * Messages of neighbours, of the edges to them and of the node itself, summed: Σⱼ (hⱼ + eᵢⱼ) + hᵢ + e. An edge's vector is the sum of
 * its columns' rows, so all edges of a node are counts of codes times one table and need no array of edges. Hu et al. 2020,
 * https://arxiv.org/abs/1905.12265, appendix A. Parameters: `table` `[codes of all edge columns + 1, width]`, whose last row is the
 * vector e of the edge of each node to itself.
 */
export function edgeMessages(sizes: readonly number[], width: number) {
  const { total } = columnCodes(sizes);
  return {
    init: (rng: Rng) => {
      // Xavier's, as if each column had its own table.
      const bound = Math.sqrt(6 / (Math.max(...sizes) + width));
      return { table: rng.split("codes").uniforms([total + 1, width], -bound, bound) };
    },
    /** @param nodes `[batch, nodes, width]` */
    apply: ({ table }: { readonly table: Array }, nodes: Array, { sum, counts }: Wiring): Array =>
      np.add(sum(nodes), np.matmul(counts, table)),
  };
}
