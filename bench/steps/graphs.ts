/** The training step on molecules; torch_graphs.py has the same. */
import { type Array, int32, np, Rng, type Traced } from "../../src/array/index.ts";
import type { Graph } from "../../src/data/graph.ts";
import { gin } from "../../src/encoders/gin.ts";
import { edgeCount } from "../../src/graphs/columns.ts";
import { firstFit, joined } from "../../src/graphs/packing.ts";
import { type GraphShape, graphSpecs, graphTensors } from "../../src/graphs/padding.ts";
import { hideNodes } from "../../src/graphs/views.ts";
import { linear } from "../../src/layers/linear.ts";
import { crossEntropy } from "../../src/objectives/supervised/cross-entropy.ts";
import { stack } from "../../src/training/features.ts";
import { bare, count, type MethodCase } from "./parts.ts";

const MOLECULES = 256;
const ELEMENTS = 120;
const SHAPE: GraphShape = { nodeSizes: [ELEMENTS, 5], edgeSizes: [6, 4], valueDim: 0, maxNodes: 80, maxEdges: 92 };

/** A tree with some rings: as many atoms and bonds as MUV's molecules have, 24.8 and 26.5 on average. */
function molecule(rng: Rng): Graph {
  const atoms = Math.max(8, Math.round(rng.normal(24.8, 5.5)));
  const bond = () => SHAPE.edgeSizes.map((size) => rng.integer(2, size - 1));
  const edges = count(atoms - 1, (at) => [rng.integer(Math.max(0, at - 3), at), at + 1, ...bond()]);
  const rings = count(rng.integer(1, 4), () => {
    const first = rng.integer(0, atoms - 6);
    return [first, first + 5, ...bond()];
  });
  const nodes = count(atoms, () => SHAPE.nodeSizes.map((size) => rng.integer(2, size - 1)));
  return { count: atoms, nodes: Int32Array.from(nodes.flat()), edges: Int32Array.from([...edges, ...rings].flat()) };
}

/** Attribute masking on packed molecules: 15 % of the atoms are hidden, and their elements told. */
function moleculesStep(): MethodCase {
  const rng = new Rng(0);
  const molecules = count(MOLECULES, (index) => molecule(rng.split(index)));
  const sizes = molecules.map((graph) => ({ nodes: graph.count, edges: edgeCount(graph, SHAPE) }));
  const bins = firstFit(sizes, { nodes: SHAPE.maxNodes, edges: SHAPE.maxEdges });
  const packed = bins.map((members) =>
    joined(
      members.map((index) => molecules[index]!),
      SHAPE,
    ),
  );
  const atoms = sizes.reduce((sum, { nodes }) => sum + nodes, 0);
  const encoder = gin.build(gin.options.parse({}), graphSpecs(SHAPE));
  const { width, depth } = gin.options.parse({});
  const head = linear(width, ELEMENTS);
  const init = (seed: Rng) => ({ encoder: encoder.init(seed.split("encoder")), head: head.init(seed.split("head")) });
  return {
    batchSize: MOLECULES,
    flops: 3 * 2 * atoms * depth * 4 * width * width,
    batch: (seed) => {
      const places = packed.map((graph, bin) => [
        ...seed
          .split(bin)
          .permutation(graph.count)
          .subarray(0, Math.round(0.15 * graph.count)),
      ]);
      const hidden = packed.map((graph, bin) => graphTensors(hideNodes(graph, SHAPE, places[bin]!), SHAPE));
      const rows = places.flatMap((some, bin) => some.map((place) => bin * SHAPE.maxNodes + place));
      const labels = places.flatMap((some, bin) =>
        some.map((place) => packed[bin]!.nodes[place * SHAPE.nodeSizes.length]!),
      );
      return {
        graphs: stack(hidden, hidden.length),
        rows: int32(rows, [rows.length]),
        labels: int32(labels, [labels.length]),
      };
    },
    method: bare({
      init,
      loss(
        params: Traced<ReturnType<typeof init>>,
        { graphs, rows, labels }: { graphs: Record<string, Array>; rows: Array; labels: Array },
      ) {
        const vectors = np.reshape(encoder.nodes.encode(params.encoder, graphs), [-1, width]);
        return { loss: crossEntropy(head.apply(params.head, np.take(vectors, rows, 0)), labels) };
      },
    }),
  };
}

export const graphCases = { molecules: moleculesStep };
