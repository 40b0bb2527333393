/**
 * What graphs are, for programs that read or make them.
 * @module autodidact/graph
 */
export type { AnySample, Cells, CodedGraph, Column, NodeSample, RawGraph, Words } from "./graph.ts";
export { GraphOptions } from "./options.ts";
