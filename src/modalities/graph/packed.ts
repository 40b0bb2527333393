import type { GraphOptions } from "./options.ts";

/** Nodes of a packed sample. */
const PACKED = 64;

/** Nodes and edges of a packed sample. */
export function packedRoom({ maxNodes = 1, maxEdges = 1 }: Pick<GraphOptions, "maxNodes" | "maxEdges">) {
  const nodes = Math.max(PACKED, maxNodes);
  return { maxNodes: nodes, maxEdges: Math.max(maxEdges, Math.ceil((1.2 * nodes * maxEdges) / maxNodes)) };
}
