import { Rng } from "../../array/rng.ts";
import { labelsOf } from "../../data/labels.ts";
import type { Source } from "../../data/source.ts";
import { LargeGraph } from "../../graphs/sampling.ts";
import { type AnySample, type Cells, cellAt, type PartGraph, type RawGraph, rowsAt, type WholeGraph } from "./graph.ts";
import { digestOf, graphAt, type NodeStore, SPLIT } from "./sources/store.ts";

/** Which edges a graph without attributes has: parts are taken of places, and of the rows that edges have. */
const SKELETON = { nodeSizes: [1], edgeSizes: [1], valueDim: 0 } as const;

/** A large graph, of which parts are taken out. */
export class Whole implements WholeGraph {
  readonly raw: RawGraph;
  #large: LargeGraph | undefined;

  constructor(store: NodeStore) {
    this.raw = graphAt(store, 0);
  }

  get degrees(): Float32Array {
    return this.large.degrees;
  }

  get large(): LargeGraph {
    if (this.#large) return this.#large;
    const { count, links } = this.raw;
    const edges = new Int32Array((links.length / 2) * 3);
    for (let row = 0; row < links.length / 2; row++) edges.set([links[2 * row]!, links[2 * row + 1]!, row], 3 * row);
    this.#large = new LargeGraph({ count, nodes: new Int32Array(count), edges }, SKELETON);
    return this.#large;
  }

  around(root: number, hops: number, most: number): Int32Array {
    return this.large.ego(root, { hops, most, rng: new Rng(0).split("surroundings", root) }).places;
  }

  part(places: Int32Array, mostEdges: number): PartGraph {
    const { graph, degrees } = this.large.part(places);
    const count = Math.min(mostEdges, graph.edges.length / 3);
    const links = new Int32Array(2 * count);
    const rows = new Int32Array(count);
    for (let edge = 0; edge < count; edge++) {
      links.set(graph.edges.subarray(3 * edge, 3 * edge + 2), 2 * edge);
      rows[edge] = graph.edges[3 * edge + 2]!;
    }
    return {
      count: places.length,
      links,
      nodes: this.raw.nodes.map((column) => rowsAt(column, places)),
      edges: this.raw.edges.map((column) => rowsAt(column, rows)),
      place: { degrees, readout: Int32Array.from(places.keys()) },
    };
  }
}

const textAt = (column: Cells, row: number): string | undefined => {
  const cell = cellAt(column, row);
  return cell === undefined ? undefined : String(cell);
};

/** Structured-cloneable. */
export interface NodesManifest {
  readonly store: NodeStore;
  /** Labels from a table. */
  readonly labels?: readonly (string | undefined)[];
  /** Nodes of each training sample, where samples are parts of the graph; and how many rows they are padded to. */
  readonly parts?: readonly Int32Array[];
  readonly room?: { readonly maxNodes: number; readonly maxEdges: number };
}

/** The nodes of one large graph, or large parts of it. */
export function nodeSource(manifest: NodesManifest): Source<AnySample> {
  const { store, labels, parts, room } = manifest;
  const { ids, split } = store;
  const whole = new Whole(store);
  const own = labels
    ? labelsOf(labels)
    : store.classes && store.labels
      ? { classes: store.classes, labels: store.labels }
      : {};
  const read = new Map<number, RawGraph>();
  const partAt = (index: number): RawGraph => {
    const existing = read.get(index);
    if (existing) return existing;
    const part = whole.part(parts![index]!, Number.POSITIVE_INFINITY);
    const graph = { ...part, place: { ...part.place, ...(room ? { room } : {}) } };
    // A graph that is the only sample is asked for at every step.
    if (parts!.length === 1) read.set(index, graph);
    return graph;
  };
  return {
    length: parts ? parts.length : ids.length,
    ...(parts ? { perBatch: 1 } : {}),
    leftOut: store.leftOut,
    notes: store.notes,
    ...(parts ? {} : own),
    ...(parts
      ? {}
      : { column: (name: string) => (name === SPLIT && split ? ids.map((_, row) => textAt(split, row)) : undefined) }),
    name: (index) => (parts ? `part ${index + 1}` : (ids[index] ?? `node ${index}`)),
    read: async (index) => (parts ? partAt(index) : { whole, root: index }),
    contents: async () => digestOf(store),
    manifest,
    close: async () => undefined,
  };
}
