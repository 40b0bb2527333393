import type { Graph } from "../data/graph.ts";
import { edgeCount, edgeWidth, type GraphColumns } from "./columns.ts";
import { type Neighbours, neighboursOf } from "./neighbours.ts";

/**
 * The part of a graph with these nodes and all edges between them. Node i of the part is `kept[i]` of the graph.
 * @param kept places, each once
 * @param neighbours of the graph: then the work depends on the part alone, not on the whole graph
 */
export function part(graph: Graph, columns: GraphColumns, kept: ArrayLike<number>, neighbours?: Neighbours): Graph {
  const placeOf = new Map<number, number>();
  for (let place = 0; place < kept.length; place++) placeOf.set(kept[place]!, place);
  const edges: number[] = [];
  const width = edgeWidth(columns);
  const add = (row: number) => {
    const from = placeOf.get(graph.edges[row * width]!);
    const to = placeOf.get(graph.edges[row * width + 1]!);
    if (from === undefined || to === undefined) return;
    edges.push(from, to);
    for (let column = 2; column < width; column++) edges.push(graph.edges[row * width + column]!);
  };
  if (neighbours) {
    for (const node of placeOf.keys())
      for (let at = neighbours.starts[node]!; at < neighbours.starts[node + 1]!; at++) {
        const row = neighbours.rows[at]!;
        // An edge is in the lists of both its nodes.
        if (graph.edges[row * width] === node) add(row);
      }
  } else for (let row = 0; row < edgeCount(graph, columns); row++) add(row);
  return { ...rowsOf(graph, columns, kept), edges: Int32Array.from(edges) };
}

/** The rows of some nodes. */
function rowsOf(graph: Graph, columns: GraphColumns, kept: ArrayLike<number>): Omit<Graph, "edges"> {
  const { nodeSizes, valueDim } = columns;
  const nodes = new Int32Array(kept.length * nodeSizes.length);
  const values = graph.values && new Float32Array(kept.length * valueDim);
  for (let place = 0; place < kept.length; place++) {
    const from = kept[place]!;
    nodes.set(graph.nodes.subarray(from * nodeSizes.length, (from + 1) * nodeSizes.length), place * nodeSizes.length);
    values?.set(graph.values!.subarray(from * valueDim, (from + 1) * valueDim), place * valueDim);
  }
  return { count: kept.length, nodes, ...(values && { values }) };
}

/**
 * The nodes that are reached from one, nearest first: as many as may be taken, with at most `maxEdges` edges between them.
 * Where everything connected is taken and there is room, the next node in order starts again.
 */
export function breadthFirst(
  { starts, places }: Neighbours,
  { start = 0, maxNodes, maxEdges }: { start?: number; maxNodes: number; maxEdges: number },
): Int32Array {
  const count = starts.length - 1;
  const seen = new Set<number>();
  const taken = new Set<number>();
  let edges = 0;
  for (let offset = 0; offset < count && taken.size < maxNodes; offset++) {
    const root = (start + offset) % count;
    if (seen.has(root)) continue;
    seen.add(root);
    const queue = [root];
    for (let head = 0; head < queue.length && taken.size < maxNodes; head++) {
      const node = queue[head]!;
      let more = 0;
      for (let at = starts[node]!; at < starts[node + 1]!; at++) if (taken.has(places[at]!)) more++;
      if (edges + more > maxEdges) return Int32Array.from(taken);
      edges += more;
      taken.add(node);
      for (let at = starts[node]!; at < starts[node + 1]!; at++) {
        const neighbour = places[at]!;
        if (seen.has(neighbour)) continue;
        seen.add(neighbour);
        queue.push(neighbour);
      }
    }
  }
  return Int32Array.from(taken);
}

/** The part of a graph around a node that fits, by breadth first. Its nodes stand in the order in which they are reached. */
export function cut(
  graph: Graph,
  columns: GraphColumns,
  limits: { readonly start?: number; readonly maxNodes: number; readonly maxEdges: number },
): Graph {
  const neighbours = neighboursOf(graph, columns);
  return part(graph, columns, breadthFirst(neighbours, limits), neighbours);
}
