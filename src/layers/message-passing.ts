import { type Array, lax, np, type Rng, segmentSum } from "../array/index.ts";
import { columnCodes } from "./functions/column-codes.ts";
import { oneHot } from "./functions/one-hot.ts";

/** Up to so many nodes a graph's edges become a matrix: a product of it costs less than gathering and scattering. */
export const MOST_DENSE = 128;

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
 * @param form `dense` makes a matrix of each graph, `sparse` gathers and sums along edges; both give the same
 */
export function wiring(
  edges: Array,
  nodes: number,
  sizes: readonly number[],
  form: "dense" | "sparse" = nodes <= MOST_DENSE ? "dense" : "sparse",
): Wiring {
  const [from, to, codes] = np.split(edges, [1, 2], 2) as [Array, Array, Array];
  const there = np.greater(np.split(codes, [1], 2)[0]!, 0).astype(np.float32);
  const kinds = np.multiply(columnCodes(sizes).oneHot(codes), there);
  return (form === "dense" ? dense : sparse)({ from, to, there, kinds }, nodes);
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

function dense({ from, to, there, kinds }: Edges, nodes: number): Wiring {
  const [batch, edges] = there.shape as [number, number, number];
  const at = (places: Array) => np.multiply(oneHot(np.reshape(places, [batch, edges]), nodes), there);
  const [starts, ends] = [at(from), at(to)];
  const towards = np.transpose(np.concatenate([starts, ends], 1), [0, 2, 1]);
  const adjacency = lax.stopGradient(np.matmul(towards, np.concatenate([ends, starts], 1)));
  const closed = np.add(adjacency, np.eye(nodes));
  return {
    sum: (vectors) => np.matmul(closed, vectors),
    degrees: np.sum(adjacency, 2, { keepdims: true }),
    counts: withSelf(np.matmul(np.transpose(np.add(starts, ends), [0, 2, 1]), kinds)),
  };
}

function sparse({ from, to, there, kinds }: Edges, nodes: number): Wiring {
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
  const arriving = (messages: Array): Array => {
    const sums = segmentSum(np.multiply(messages, present), receivers, batch * nodes);
    return np.reshape(sums, [batch, nodes, messages.shape[1]!]);
  };
  return {
    sum: (vectors) => np.add(arriving(np.take(np.reshape(vectors, [batch * nodes, -1]), senders, 0)), vectors),
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
