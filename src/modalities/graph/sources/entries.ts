import { labelsOf } from "../../../data/labels.ts";
import type { Source } from "../../../data/source.ts";
import type { GraphSample } from "../graph.ts";
import { digestOf, type GraphStore, graphAt } from "./store.ts";

/** Structured-cloneable. */
export interface GraphsManifest {
  readonly store: GraphStore;
  /** Of each graph, where they come from a table of labels or from folders; else the graphs have them. */
  readonly labels?: readonly (string | undefined)[];
  /** Which graphs are in each sample, where samples are packed. */
  readonly packs?: readonly (readonly number[])[];
}

/** Graphs, each a sample, or several in one. */
export function graphSource(manifest: GraphsManifest): Source<GraphSample> {
  const { store, labels, packs } = manifest;
  const { graphs } = store;
  return {
    length: packs ? packs.length : graphs.length,
    leftOut: store.leftOut,
    notes: store.notes,
    ...(packs ? {} : labelsOf(graphs.map(({ label }, at) => (labels ? labels[at] : label)))),
    name: (index) =>
      packs ? `${packs[index]!.length} graphs, ${index + 1}` : (graphs[index]?.name ?? `graph ${index}`),
    read: async (index) =>
      packs ? { parts: packs[index]!.map((graph) => graphAt(store, graph)) } : graphAt(store, index),
    contents: async () => digestOf(store),
    manifest,
    close: async () => undefined,
  };
}
