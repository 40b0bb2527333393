import { join } from "node:path";
import { graphs } from "../../data/graph.ts";
import { modality } from "../../data/modality.ts";
import { drawing } from "../../data/picture.ts";
import { augment, perturb } from "../../data/views.ts";
import { arrangeGraphs, inferGraphs, learnGraphs } from "./arrange.ts";
import { buildGraphs } from "./build.ts";
import { FILE } from "./columns/learned.ts";
import { isNode, isPacked } from "./graph.ts";
import { givenGraph, openGraphs, recognisesGraphs, reopenGraphs } from "./open.ts";
import { GraphOptions } from "./options.ts";

/** Graphs: many, each a sample, or a large one whose nodes are the samples. */
export const graph = modality({
  name: "graph",
  summary:
    "graphs: tables of edges and nodes, node-link JSON, GraphML, TU sets, or a folder or zip of them; nodes of one large graph",
  options: GraphOptions,
  defaultMethod: "simclr",
  defaultEncoder: "gin",
  small: {
    summary: "a GIN of 3 layers, a GCN of 2",
    encoderOptions: { gin: { depth: 3, width: 64 } },
    training: { epochs: 100 },
  },
  abilities: [augment, perturb, graphs, drawing],
  inputs: { nodes: 2, edges: 2, values: 2, readout: 1, degrees: 1 },
  recognises: recognisesGraphs,
  open: openGraphs,
  reopen: reopenGraphs,
  infer: inferGraphs,
  learn: learnGraphs,
  arrange: arrangeGraphs,
  build: buildGraphs,
  accepts: { bytes: givenGraph, types: ["application/json"] },
  /** Another run's attributes belong to its encoder's weights; what they are is known, and not asked again. */
  inherit({ leaveOut: _, categories: __, numbers: ___, ...kept }, _files, folder) {
    return { ...kept, attributesFrom: join(folder, FILE) };
  },
  size(sample) {
    if (isNode(sample)) return { amount: 1 + sample.whole.degrees[sample.root]!, unit: "nodes within one edge" };
    const amount = isPacked(sample) ? sample.parts.reduce((sum, { count }) => sum + count, 0) : sample.count;
    return { amount, unit: "nodes" };
  },
  async baseline(built, source) {
    return (await import("./baseline.ts")).graphBaseline(built, source);
  },
  async publish() {
    return (await import("./publish.ts")).graphPublisher;
  },
});
