import type { Graph } from "../data/graph.ts";
import { edgeCount, edgeWidth, type GraphColumns } from "./columns.ts";

/** The neighbours of each node, one node after the other. */
export interface Neighbours {
  /** `[nodes + 1]`: those of node i are at `starts[i]` to `starts[i + 1]`. */
  readonly starts: Int32Array;
  /** `[2 · edges]`: places of the neighbours. */
  readonly places: Int32Array;
  /** `[2 · edges]`: the rows of `edges` that lead to them. */
  readonly rows: Int32Array;
}

/** Lists every node's neighbours, in the order of the edges. O(nodes + edges). */
export function neighboursOf(graph: Graph, columns: Pick<GraphColumns, "edgeSizes">): Neighbours {
  const width = edgeWidth(columns);
  const count = edgeCount(graph, columns);
  const starts = new Int32Array(graph.count + 1);
  for (let row = 0; row < count; row++) for (const end of [0, 1]) starts[graph.edges[row * width + end]! + 1]! += 1;
  for (let node = 0; node < graph.count; node++) starts[node + 1]! += starts[node]!;
  const next = starts.slice();
  const places = new Int32Array(2 * count);
  const rows = new Int32Array(2 * count);
  for (let row = 0; row < count; row++) {
    const from = graph.edges[row * width]!;
    const to = graph.edges[row * width + 1]!;
    for (const [node, neighbour] of [
      [from, to],
      [to, from],
    ] as const) {
      const at = next[node]!++;
      places[at] = neighbour;
      rows[at] = row;
    }
  }
  return { starts, places, rows };
}

/** Number of neighbours of each node, `[nodes]`: the input `degrees`. */
export const degreesOf = ({ starts }: Neighbours): Float32Array =>
  Float32Array.from({ length: starts.length - 1 }, (_, node) => starts[node + 1]! - starts[node]!);
