import type { Rng } from "../array/rng.ts";
import { ability } from "./ability.ts";
import type { Sample } from "./views.ts";

/**
 * A graph on the host. Its tensors, which graph encoders read, are `nodes` int32 `[N, node columns]`, `edges` int32
 * `[E, 2 + edge columns]` and, if nodes have numbers, `values` float32 `[N, numbers]`. Every column's code 0 is kept for what
 * is not there: a row of `nodes` with 0 in its first column is padding, as is a row of `edges` with 0 in its third. Edges
 * have no direction and are listed once; there are no loops. Of parts of a graph there may be `readout`, int32 `[rows]`: places of
 * the nodes whose vectors are the representation, which are all nodes in order if there are as many; and `degrees`, float32
 * `[N]`: how many neighbours each has in the whole graph.
 */
export interface Graph {
  /** Number of nodes. */
  readonly count: number;
  /** `[count, node columns]`: codes of each node, from 1. */
  readonly nodes: Int32Array;
  /** `[edges, 2 + edge columns]`: two nodes' places, then codes of the edge, from 1. */
  readonly edges: Int32Array;
  /** `[count, numbers]` */
  readonly values?: Float32Array;
}

/** How a view of a graph differs; the places of the nodes stay. Shares are of nodes or edges, in [0, 1]. */
export interface GraphCorruption {
  /** Share of edges that are left out. */
  readonly edges?: number;
  /** Share of nodes whose attributes are hidden: their codes are those of a node about which nothing is known, their values 0. */
  readonly nodes?: number;
  /** Share of the columns of `values` that are 0 at every node, as GRACE hides features. */
  readonly columns?: number;
}

/** Samples that are graphs. Inputs are `nodes`, `edges` and perhaps `values`: see `Graph`. */
export interface Graphs {
  /** Codes of each node column, padding's 0 among them. */
  readonly nodeSizes: readonly number[];
  /** The same of each edge column; at least one. */
  readonly edgeSizes: readonly number[];
  /** Numbers of a node; 0 if it has none. */
  readonly valueDim: number;
  /** Whether a training sample may hold several graphs (`--pack`), which nothing in it tells apart. */
  readonly isPacked?: boolean;
  graphOf(sample: Sample): Graph;
  /** A sample of another graph of the same columns: a view. */
  sampleOf(graph: Graph): Sample;
  /** A view in which nodes keep their places. */
  corrupt(sample: Sample, rng: Rng, corruption: GraphCorruption): Sample;
}

export const graphs = ability<Graphs>()("graphs", "samples that are graphs: nodes and edges with attributes");
