import type { Graph, graphs } from "../../../src/data/graph.ts";
import type { Modality, Offered } from "../../../src/data/index.ts";
import { type GraphShape, graphSpecs, graphTensors } from "../../../src/graphs/padding.ts";
import { corrupted } from "../../../src/graphs/views.ts";

const isGraph = (sample: unknown): sample is Graph =>
  typeof sample === "object" && sample !== null && "count" in sample && "nodes" in sample && "edges" in sample;

/** A ring of 6 to 9 nodes with a tail of three: what a node is follows from where it is, and so do its numbers. */
function ring(seed: number): Graph {
  const size = 6 + (seed % 4);
  const count = size + 3;
  const edges = Array.from({ length: count }, (_, node) => [node, node === size - 1 ? 0 : node + 1, 1, 1]).slice(0, -1);
  const kinds = Array.from({ length: count }, (_, node) => (node < size ? 2 : node === count - 1 ? 3 : 4));
  return {
    count,
    nodes: Int32Array.from(kinds.flatMap((kind, node) => [kind, 2 + (node % 2)])),
    edges: Int32Array.from([...edges.flat(), 0, size, 1, 1]),
    values: Float32Array.from(kinds.flatMap((kind) => [kind - 3, kind === 2 ? 1 : 0.5])),
  };
}

/** A graph, which samples of the toy modality are; a number stands for a ring. */
export function graphOf(sample: unknown): Graph {
  if (typeof sample === "number") return ring(sample);
  if (!isGraph(sample)) throw new Error("samples of the toy modality are graphs");
  return sample;
}

/** Graphs as they are, padded to the shape. */
export const graphModality = (shape: GraphShape): Modality & Offered<typeof graphs> => ({
  name: "toy graphs",
  specs: graphSpecs(shape),
  tensors: (sample) => graphTensors(graphOf(sample), shape),
  show: () => ({ text: "a graph" }),
  graphs: {
    ...{ nodeSizes: shape.nodeSizes, edgeSizes: shape.edgeSizes, valueDim: shape.valueDim, graphOf },
    sampleOf: (graph) => graph,
    corrupt: (sample, rng, corruption) => corrupted(graphOf(sample), shape, rng, corruption),
  },
});
