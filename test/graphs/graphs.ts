import * as fc from "fast-check";
import { Rng } from "../../src/array/rng.ts";
import type { Graph } from "../../src/data/graph.ts";
import type { GraphColumns } from "../../src/graphs/columns.ts";

export const columns: GraphColumns = { nodeSizes: [7, 4], edgeSizes: [5, 3], valueDim: 2 };

/** A graph of the columns above, without attributes of its own: its node and edge codes are random. */
export function randomGraph(seed: number, count: number, share: number, of: GraphColumns = columns): Graph {
  const rng = new Rng(seed);
  const edges: number[] = [];
  for (let from = 0; from < count; from++)
    for (let to = from + 1; to < count; to++)
      if (rng.chance(share)) edges.push(from, to, ...of.edgeSizes.map((size) => rng.integer(1, size - 1)));
  const nodes = Array.from({ length: count }, () => of.nodeSizes.map((size) => rng.integer(1, size - 1))).flat();
  return {
    count,
    nodes: Int32Array.from(nodes),
    edges: Int32Array.from(edges),
    ...(of.valueDim > 0 && { values: Float32Array.from({ length: count * of.valueDim }, () => rng.normal()) }),
  };
}

/** Graphs of 1 to 20 nodes, from nearly no edges to nearly all. */
export const anyGraph = fc
  .tuple(fc.integer(), fc.integer({ min: 1, max: 20 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([seed, count, share]) => randomGraph(seed, count, share));
