import type { Rng } from "../array/rng.ts";
import { float32, int32, type TensorSpec } from "../array/tensor.ts";
import type { Graph } from "../data/graph.ts";
import type { TensorRecord } from "../data/modality.ts";
import { edgeCount, edgeWidth, type GraphColumns } from "./columns.ts";
import { cut } from "./parts.ts";

/** The extents of padded graphs. */
export interface GraphShape extends GraphColumns {
  /** Rows of `nodes`, at least 1. */
  readonly maxNodes: number;
  /** Rows of `edges`, at least 1. */
  readonly maxEdges: number;
  /** Rows of `readout`: how many nodes' vectors are the representation. Without it graphs are pooled. */
  readonly readout?: number;
  /** Whether there is an input `degrees`, for parts of a graph whose nodes have neighbours outside of the part. */
  readonly degrees?: boolean;
}

/** Inputs of one graph beside its own, for parts of a large graph. */
export interface Readout {
  /** Places of the nodes whose vectors are the representation. */
  readonly readout?: Int32Array;
  /** Number of neighbours of each node in the whole graph. */
  readonly degrees?: Float32Array;
}

/**
 * Shapes of a padded graph's tensors. `below` has the sizes of the columns: of `nodes` as they are, of `edges` behind the
 * number of nodes, twice.
 */
export function graphSpecs(shape: GraphShape): Record<string, TensorSpec> {
  const { nodeSizes, edgeSizes, valueDim, maxNodes, maxEdges, readout, degrees = false } = shape;
  return {
    nodes: { dtype: "int32", shape: [maxNodes, nodeSizes.length], below: nodeSizes },
    edges: { dtype: "int32", shape: [maxEdges, edgeWidth(shape)], below: [maxNodes, maxNodes, ...edgeSizes] },
    ...(valueDim > 0 ? { values: { dtype: "float32", shape: [maxNodes, valueDim] } } : {}),
    ...(readout === undefined ? {} : { readout: { dtype: "int32", shape: [readout] } }),
    ...(degrees ? { degrees: { dtype: "float32", shape: [maxNodes] } } : {}),
  };
}

/**
 * A graph's tensors, filled up with zeros.
 * @throws Error when the graph is larger than the shape: `cut` it first
 * @example
 * graphTensors(graph, { nodeSizes: [120], edgeSizes: [6], valueDim: 0, maxNodes: 36, maxEdges: 40 }).nodes.shape; // [36, 1]
 */
export function graphTensors(graph: Graph, shape: GraphShape, { readout, degrees }: Readout = {}): TensorRecord {
  const { nodeSizes, valueDim, maxNodes, maxEdges } = shape;
  if (graph.count > maxNodes || edgeCount(graph, shape) > maxEdges)
    throw new Error(
      `a graph of ${graph.count} nodes and ${edgeCount(graph, shape)} edges does not fit ${maxNodes} and ${maxEdges}`,
    );
  if (readout?.length !== shape.readout || (degrees !== undefined) !== (shape.degrees ?? false))
    throw new Error("readout and degrees of a graph must be there as its shape says");
  return {
    nodes: int32(padded(new Int32Array(maxNodes * nodeSizes.length), graph.nodes), [maxNodes, nodeSizes.length]),
    edges: int32(padded(new Int32Array(maxEdges * edgeWidth(shape)), graph.edges), [maxEdges, edgeWidth(shape)]),
    ...(valueDim > 0 && {
      values: float32(padded(new Float32Array(maxNodes * valueDim), graph.values ?? []), [maxNodes, valueDim]),
    }),
    ...(readout && { readout: int32(readout, [readout.length]) }),
    ...(degrees && { degrees: float32(padded(new Float32Array(maxNodes), degrees), [maxNodes]) }),
  };
}

function padded<Data extends Int32Array | Float32Array>(room: Data, values: ArrayLike<number>): Data {
  room.set(values);
  return room;
}

/** The graph, or if it is larger than the shape, the part around a random node; without `rng` around its first node. */
export function fitted(graph: Graph, shape: GraphShape, rng?: Rng): Graph {
  if (graph.count <= shape.maxNodes && edgeCount(graph, shape) <= shape.maxEdges) return graph;
  return cut(graph, shape, { ...shape, start: rng ? rng.integer(0, graph.count - 1) : 0 });
}

/**
 * Extents that hold the given share of graphs, the largest ones aside: these are cut. At least 1 each.
 * @param sizes nodes and edges of each graph
 * @param share of the graphs, for nodes and edges apart
 */
export function extents(
  sizes: readonly { readonly nodes: number; readonly edges: number }[],
  share = 0.99,
): { maxNodes: number; maxEdges: number } {
  const quantile = (values: readonly number[]): number => {
    const sorted = values.toSorted((a, b) => a - b);
    return Math.max(1, sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 1);
  };
  return { maxNodes: quantile(sizes.map(({ nodes }) => nodes)), maxEdges: quantile(sizes.map(({ edges }) => edges)) };
}
