import type { Rng } from "../array/rng.ts";
import type { Graph, GraphCorruption } from "../data/graph.ts";
import { edgeCount, edgeWidth, type GraphColumns, UNKNOWN } from "./columns.ts";
import { type Neighbours, neighboursOf } from "./neighbours.ts";
import { part } from "./parts.ts";

/** A whole number near `share · count`, right on average. */
const some = (rng: Rng, share: number, count: number): number => Math.floor(share * count + rng.uniform());

/** So many of 0 … count − 1, in order. */
const chosen = (rng: Rng, share: number, count: number): Int32Array => {
  const number = Math.min(count, some(rng, share, count));
  return rng.permutation(count).subarray(0, number).toSorted();
};

/** A view in which nodes keep their places: see `GraphCorruption`. The graph itself stays as it is. */
export function corrupted(
  graph: Graph,
  columns: GraphColumns,
  rng: Rng,
  { edges: dropped = 0, nodes: hidden = 0, columns: cleared = 0 }: GraphCorruption,
): Graph {
  const seen = hideNodes(graph, columns, chosen(rng.split("nodes"), hidden, graph.count));
  const kept = dropped > 0 ? withoutEdges(seen, columns, rng.split("edges"), dropped) : seen;
  return cleared > 0 ? withoutColumns(kept, columns, rng.split("columns"), cleared) : kept;
}

/** Hides the attributes of these nodes: every code is that of a node about which nothing is known, every value 0. */
export function hideNodes(graph: Graph, { nodeSizes, valueDim }: GraphColumns, places: ArrayLike<number>): Graph {
  if (places.length === 0) return graph;
  const nodes = graph.nodes.slice();
  const values = graph.values?.slice();
  for (let index = 0; index < places.length; index++) {
    const place = places[index]!;
    nodes.fill(UNKNOWN, place * nodeSizes.length, (place + 1) * nodeSizes.length);
    values?.fill(0, place * valueDim, (place + 1) * valueDim);
  }
  return { ...graph, nodes, ...(values && { values }) };
}

/** Leaves out a share of the edges. */
function withoutEdges(graph: Graph, columns: GraphColumns, rng: Rng, share: number): Graph {
  const width = edgeWidth(columns);
  const kept = chosen(rng, 1 - share, edgeCount(graph, columns));
  const edges = new Int32Array(kept.length * width);
  kept.forEach((row, index) => {
    edges.set(graph.edges.subarray(row * width, (row + 1) * width), index * width);
  });
  return { ...graph, edges };
}

/** Sets a share of the columns of `values` to 0 at every node. */
function withoutColumns(graph: Graph, { valueDim }: GraphColumns, rng: Rng, share: number): Graph {
  if (!graph.values) return graph;
  const values = graph.values.slice();
  for (const column of chosen(rng, share, valueDim))
    for (let at = column; at < values.length; at += valueDim) values[at] = 0;
  return { ...graph, values };
}

/**
 * A view without a share of the nodes and their edges; at least one node stays.
 * GraphCL, You et al. 2020, https://arxiv.org/abs/2010.13902, section 3.2: node dropping.
 */
export function dropNodes(graph: Graph, columns: GraphColumns, rng: Rng, share: number): Graph {
  const kept = chosen(rng, 1 - share, graph.count);
  if (kept.length === graph.count) return graph;
  return part(graph, columns, kept.length > 0 ? kept : [rng.integer(0, graph.count - 1)]);
}

/**
 * A view of the nodes that a random walk passes, with the edges between them. GraphCL's subgraph. The walk starts at a random
 * node and prefers nodes it has not passed; where there is none it goes back, so it stops only when the share is reached or
 * all that is connected has been passed.
 * @param share of the nodes to pass, at least one
 */
export function walkedPart(graph: Graph, columns: GraphColumns, rng: Rng, share: number): Graph {
  if (graph.count === 0) return graph;
  const passed = walk(neighboursOf(graph, columns), rng, {
    start: rng.integer(0, graph.count - 1),
    most: Math.max(1, some(rng, share, graph.count)),
  });
  // In the order of the graph, so that a view's nodes do not tell the walk.
  return part(graph, columns, Int32Array.from(passed).toSorted());
}

/** The nodes that a walk passes, in its order. */
function walk(
  { starts, places }: Neighbours,
  rng: Rng,
  { start, most }: { readonly start: number; readonly most: number },
): Set<number> {
  const passed = new Set([start]);
  const way = [start];
  while (way.length > 0 && passed.size < most) {
    const node = way.at(-1)!;
    const ahead = [...places.subarray(starts[node]!, starts[node + 1]!)].filter((place) => !passed.has(place));
    if (ahead.length === 0) {
      way.pop();
      continue;
    }
    const next = ahead[rng.integer(0, ahead.length - 1)]!;
    passed.add(next);
    way.push(next);
  }
  return passed;
}
