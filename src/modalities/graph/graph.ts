import type { Graph } from "../../data/graph.ts";

/** Codes of cells that are no text: nothing, and a number. */
export const [NOTHING, NUMBER] = [-1, -2];

/** One value for each node or edge, as it was read. */
export interface Cells {
  readonly kind: "cells";
  readonly name: string;
  /** Index into `texts`, or −1 for nothing and −2 for a number. */
  readonly codes: Int32Array;
  /** Where the code is that of a number; empty if there is none. */
  readonly numbers: Float64Array;
  readonly texts: readonly string[];
}

/** A list for each node or edge: the words of a document. */
export interface Words {
  readonly kind: "words";
  readonly name: string;
  /** `[rows + 1]`: those of row i are at `starts[i]` to `starts[i + 1]`. */
  readonly starts: Int32Array;
  /** Indices into `texts`. */
  readonly items: Int32Array;
  readonly texts: readonly string[];
}

export type Column = Cells | Words;

/** What is to be read of a graph, and how it lies in a larger one. */
export interface Place {
  /** Places of the nodes whose vectors are the representation. */
  readonly readout: Int32Array;
  /** Number of neighbours of each node in the whole graph. */
  readonly degrees: Float32Array;
  /** Rows of nodes and edges that samples of its kind are padded to, where they are not the encoder's usual ones. */
  readonly room?: { readonly maxNodes: number; readonly maxEdges: number };
}

/** A graph as it was read. Edges have no direction, are listed once, and there are no loops. */
export interface RawGraph {
  readonly count: number;
  /** `[2 · edges]`: two nodes' places. */
  readonly links: Int32Array;
  readonly nodes: readonly Column[];
  readonly edges: readonly Column[];
  readonly place?: Place;
}

/** A part of a large graph. */
export interface PartGraph extends RawGraph {
  readonly place: Place;
}

/** A large graph, of which parts are taken out. */
export interface WholeGraph {
  readonly raw: RawGraph;
  /** Number of neighbours of each node. */
  readonly degrees: Float32Array;
  /** Nodes within so many edges of one, it the first; a random choice of the farthest where there are more than `most`. */
  around(root: number, hops: number, most: number): Int32Array;
  /** The part of these nodes, with at most so many edges: those of the last nodes are left out. */
  part(places: Int32Array, mostEdges: number): PartGraph;
}

/** A node of a large graph, whose surroundings are not yet taken out. */
export interface NodeSample {
  readonly whole: WholeGraph;
  readonly root: number;
}

/** A graph as the encoder reads it, such as a view: it is not prepared again. */
export interface CodedGraph extends Graph {
  readonly place?: Place;
}

/** Several graphs in one sample. */
export interface PackedGraphs {
  readonly parts: readonly RawGraph[];
}

export type GraphSample = RawGraph | CodedGraph | PackedGraphs;

export type AnySample = GraphSample | NodeSample;

export const isNode = (sample: AnySample): sample is NodeSample => "whole" in sample;
export const isPacked = (sample: GraphSample): sample is PackedGraphs => "parts" in sample;
export const isRaw = (sample: RawGraph | CodedGraph): sample is RawGraph => "links" in sample;

/** Rows of a column, from one to before another. */
export function rowsFrom(column: Column, start: number, end: number): Column {
  if (column.kind === "words") return { ...column, starts: column.starts.subarray(start, end + 1) };
  const { codes, numbers } = column;
  return { ...column, codes: codes.subarray(start, end), numbers: numbers.subarray(start, end) };
}

/** The rows of these places, in their order. */
export function rowsAt(column: Column, places: ArrayLike<number>): Column {
  if (column.kind === "cells") {
    const { codes, numbers } = column;
    const at = (place: number) => places[place]!;
    return {
      ...column,
      codes: Int32Array.from({ length: places.length }, (_, row) => codes[at(row)]!),
      numbers: Float64Array.from({ length: places.length }, (_, row) => numbers[at(row)] ?? 0),
    };
  }
  const starts = new Int32Array(places.length + 1);
  const items: number[] = [];
  for (let row = 0; row < places.length; row++) {
    const place = places[row]!;
    for (let at = column.starts[place]!; at < column.starts[place + 1]!; at++) items.push(column.items[at]!);
    starts[row + 1] = items.length;
  }
  return { ...column, starts, items: Int32Array.from(items) };
}

/** The value of a row; undefined where there is none. */
export function cellAt({ codes, numbers, texts }: Cells, row: number): string | number | undefined {
  const code = codes[row] ?? NOTHING;
  return code === NUMBER ? numbers[row] : texts[code];
}
