import type { Graph, Graphs } from "../data/graph.ts";

/** What the columns of a kind's graphs are: all that is needed beside a graph to read its rows. */
export type GraphColumns = Pick<Graphs, "nodeSizes" | "edgeSizes" | "valueDim">;

/** The code of a column about which nothing is known, or is to be known: an unseen category, a masked node. */
export const UNKNOWN = 1;

/** Values of a row of `edges`: two places and the codes. */
export const edgeWidth = ({ edgeSizes }: Pick<GraphColumns, "edgeSizes">): number => 2 + edgeSizes.length;

/** Number of a graph's edges. */
export const edgeCount = ({ edges }: Pick<Graph, "edges">, columns: Pick<GraphColumns, "edgeSizes">): number =>
  edges.length / edgeWidth(columns);
