import type { Rng } from "../../array/rng.ts";
import type { Graph, GraphCorruption, Graphs } from "../../data/graph.ts";
import type { TensorRecord } from "../../data/modality.ts";
import { fitted, type GraphShape, graphSpecs, graphTensors } from "../../graphs/padding.ts";
import { corrupted, dropNodes, walkedPart } from "../../graphs/views.ts";
import type { GraphView, Molecule } from "./molecule.ts";
import type { MoleculeOptions } from "./options.ts";
import { edgeSizes, nodeSizes } from "./rdkit/codes.ts";

type Sample = Molecule | GraphView;

const roomOf = (sample: Sample): GraphView["room"] => ("room" in sample ? sample.room : undefined);

const VIEWS: Readonly<Record<MoleculeOptions["views"][number], typeof dropNodes>> = {
  "drop-atoms": dropNodes,
  "hide-atoms": (graph, columns, rng, share) => corrupted(graph, columns, rng, { nodes: share }),
  "drop-bonds": (graph, columns, rng, share) => corrupted(graph, columns, rng, { edges: share }),
  part: (graph, columns, rng, share) => walkedPart(graph, columns, rng, 1 - share),
};

/** Molecules as graphs of atoms and bonds, each padded to the same size. */
export function asGraph({ maxNodes, maxEdges, pack, views, strength, perturbation }: MoleculeOptions) {
  const columns = { nodeSizes, edgeSizes, valueDim: 0 };
  const shape: GraphShape = { ...columns, maxNodes, maxEdges };
  const shapeOf = (sample: Sample): GraphShape => ({ ...shape, ...roomOf(sample) });
  /** What of a molecule the encoder has room for; a view is of that. */
  const seen = (sample: Sample, rng?: Rng): Graph => fitted(sample.graph, shapeOf(sample), rng);
  /** A view of a sample, in the same room. */
  const viewOf = (sample: Sample, graph: Graph): GraphView => {
    const room = roomOf(sample);
    return { graph, ...(room ? { room } : {}) };
  };
  const graphs: Graphs & Record<"corrupt", (sample: Sample, rng: Rng, how: GraphCorruption) => GraphView> = {
    ...columns,
    isPacked: pack,
    graphOf: (sample: Sample) => seen(sample),
    sampleOf: (graph: Graph): GraphView => ({ graph }),
    corrupt: (sample: Sample, rng, corruption) => viewOf(sample, corrupted(seen(sample), columns, rng, corruption)),
  };
  return {
    specs: graphSpecs(shape),
    tensors: (sample: Sample): TensorRecord => graphTensors(seen(sample), shapeOf(sample)),
    augment(sample: Sample, rng: Rng): GraphView {
      const view = VIEWS[views[rng.integer(0, views.length - 1)] ?? "part"];
      return viewOf(sample, view(seen(sample, rng.split("part")), columns, rng.split("view"), strength));
    },
    perturb: (sample: Sample, rng: Rng): GraphView =>
      viewOf(sample, corrupted(seen(sample, rng.split("part")), columns, rng, { nodes: perturbation })),
    graphs,
  };
}
