import type { Graph } from "../data/graph.ts";
import { edgeWidth, type GraphColumns } from "./columns.ts";
import type { GraphShape } from "./padding.ts";

/** What a bin of graphs holds at most, and what a graph takes of it. */
export interface Extent {
  readonly nodes: number;
  readonly edges: number;
}

/** Bins that may still be filled. */
const OPEN = 64;

/**
 * Fills bins: each graph goes into the first of the last 64 that has room for its nodes and edges. Padding each graph to its own sample leaves a
 * third of the rows of molecules empty, see `packedRoom`.
 * @param sizes of the graphs, in the order in which they are to be packed
 * @returns for each bin the graphs in it; those that fit no empty bin are in none
 * @example
 * firstFit([{ nodes: 5, edges: 4 }, { nodes: 7, edges: 7 }, { nodes: 3, edges: 2 }], { nodes: 8, edges: 9 }); // [[0, 2], [1]]
 */
export function firstFit(sizes: readonly Extent[], room: Extent): number[][] {
  const bins: { members: number[]; nodes: number; edges: number }[] = [];
  let open: typeof bins = [];
  sizes.forEach(({ nodes, edges }, index) => {
    if (nodes > room.nodes || edges > room.edges) return;
    let bin = open.find((other) => other.nodes + nodes <= room.nodes && other.edges + edges <= room.edges);
    if (!bin) {
      bin = { members: [], nodes: 0, edges: 0 };
      bins.push(bin);
      // Those that were opened first are the fullest; looking at all would take time that grows with the square.
      open = [...open.slice(open.length < OPEN ? 0 : 1), bin];
    }
    bin.members.push(index);
    bin.nodes += nodes;
    bin.edges += edges;
  });
  return bins.map(({ members }) => members);
}

/** Nodes of a packed sample: of molecules of 25 atoms on average 96 % are then used, and of 64 nodes 91 %. */
const PACKED = 80;

/** The extents of packed samples of graphs that are read with these: room for one of them at least. */
export function packedRoom({
  maxNodes = 1,
  maxEdges = 1,
}: Partial<Pick<GraphShape, "maxNodes" | "maxEdges">>): Pick<GraphShape, "maxNodes" | "maxEdges"> {
  const nodes = Math.max(PACKED, maxNodes);
  return { maxNodes: nodes, maxEdges: Math.ceil((1.1 * nodes * maxEdges) / maxNodes) };
}

/** Several graphs as one, whose parts are not connected: a packed sample. */
export function joined(graphs: readonly Graph[], columns: GraphColumns): Graph {
  const width = edgeWidth(columns);
  const total = (of: (graph: Graph) => number) => graphs.reduce((sum, graph) => sum + of(graph), 0);
  const count = total((graph) => graph.count);
  const nodes = new Int32Array(count * columns.nodeSizes.length);
  const edges = new Int32Array(total((graph) => graph.edges.length));
  const values = columns.valueDim > 0 ? new Float32Array(count * columns.valueDim) : undefined;
  let place = 0;
  let at = 0;
  for (const graph of graphs) {
    nodes.set(graph.nodes, place * columns.nodeSizes.length);
    values?.set(graph.values ?? [], place * columns.valueDim);
    for (let index = 0; index < graph.edges.length; index++)
      edges[at++] = graph.edges[index]! + (index % width < 2 ? place : 0);
    place += graph.count;
  }
  return { count, nodes, edges, ...(values && { values }) };
}
