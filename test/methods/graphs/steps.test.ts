/** The methods that learn from the nodes of graphs: whole steps against PyTorch's, over a flat list of nodes. */
import { test } from "node:test";
import {
  constant,
  float32,
  int32,
  np,
  Rng,
  type Tensor,
  type Traced,
  type TreeRecord,
} from "../../../src/array/index.ts";
import { gcn } from "../../../src/encoders/gcn.ts";
import { gin } from "../../../src/encoders/gin.ts";
import { attributeMasking } from "../../../src/methods/attribute-masking.ts";
import { contextPrediction } from "../../../src/methods/context-prediction.ts";
import { dgi } from "../../../src/methods/dgi.ts";
import { edgePrediction } from "../../../src/methods/edge-prediction.ts";
import { grace } from "../../../src/methods/grace.ts";
import { graphMae } from "../../../src/methods/graph-mae.ts";
import type { MethodDefinition } from "../../../src/methods/index.ts";
import { infograph } from "../../../src/methods/infograph.ts";
import { batch, columns, graphs, shape } from "../../fixtures/graph-batch.ts";
import {
  assertGradients,
  assertMatches,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../../fixtures/torch/reference.ts";
import { assertIsTorchs } from "../checks.ts";
import { graphModality } from "./toy-graphs.ts";

const COUNTS = graphs.map(({ count }) => count);
const inputs = batch(graphs, shape);
const withoutValues = { ...columns, valueDim: 0 };
const codesOnly = batch(
  graphs.map(({ values: _, ...graph }) => graph),
  { ...shape, valueDim: 0 },
);

/** What is true of nodes by their number among all graphs' nodes, as `[3, 6]`; padding is 0. */
function marks(isMarked: (node: number) => boolean): Tensor {
  const rows = COUNTS.flatMap((count, at) => {
    const first = COUNTS.slice(0, at).reduce((sum, other) => sum + other, 0);
    return Array.from({ length: shape.maxNodes }, (_, place) => Number(place < count && isMarked(first + place)));
  });
  return float32(rows, [COUNTS.length, shape.maxNodes]);
}
const hiddenFlat = fill("hidden", [9]).data;
const hidden = marks((node) => hiddenFlat[node]! > 0);
const isReplaced = (node: number) => hiddenFlat[node]! > 0 && node < 3;

function build(definition: MethodDefinition, options: object = {}, of: Partial<typeof shape> = {}) {
  const modality = graphModality({ ...shape, ...of });
  const encoder = gcn.build(gcn.options.parse({ width: 6 }), modality.specs);
  return definition.build({
    encoder: encoder as never,
    modality: modality as never,
    options: definition.options.parse(options),
    samples: 3,
  });
}

const check = (
  name: string,
  definition: MethodDefinition,
  views: TreeRecord<Tensor>,
  options: object = {},
  of: Partial<typeof shape> = {},
) =>
  test(`${name}: the loss and every gradient as torch's`, () =>
    assertIsTorchs(build(definition, options, of), name, views, { file: "node-methods" }));

check("attribute-masking", attributeMasking, { graph: inputs, at: hidden }, { columns: [0, 1] });

/** Some rows of nodes and values have those of the last graph's only node. */
function withLast(tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const replace = ({ data, shape: [rows, places, width] }: Tensor, name: "nodes" | "values"): number[] =>
    Array.from(data, (value, at) => {
      const [graph, place] = [Math.floor(at / (places! * width!)), Math.floor(at / width!) % places!];
      const last = graphs[2]![name]!;
      return graph === 0 && isReplaced(place) && rows ? last[at % width!]! : value;
    });
  const { nodes, values } = tensors;
  return {
    ...tensors,
    nodes: int32(replace(nodes!, "nodes"), nodes!.shape),
    ...(values && { values: float32(replace(values, "values"), values.shape) }),
  };
}
const masked = marks((node) => hiddenFlat[node]! > 0 && !isReplaced(node));
check("graph-mae numbers", graphMae, { graph: inputs, seen: withLast(inputs), hidden, masked });
check(
  "graph-mae codes",
  graphMae,
  { graph: codesOnly, seen: withLast(codesOnly), hidden, masked },
  { columns: [0, 1] },
  withoutValues,
);

/** Pairs of a graph's nodes, padded to two slots. */
function pairs(rows: readonly (readonly (readonly [number, number])[])[], slots: number): Record<string, Tensor> {
  const column = (of: (pair: readonly [number, number]) => number) =>
    rows.flatMap((row) => Array.from({ length: slots }, (_, slot) => (row[slot] ? of(row[slot]) : 0)));
  return {
    from: int32(
      column(([from]) => from),
      [rows.length, slots],
    ),
    to: int32(
      column(([, to]) => to),
      [rows.length, slots],
    ),
    there: float32(
      column(() => 1),
      [rows.length, slots],
    ),
  };
}
const pairsOfNodes = {
  graph: inputs,
  connected: pairs(
    [
      [
        [0, 1],
        [3, 4],
      ],
      [[0, 1]],
      [],
    ],
    2,
  ),
  apart: pairs(
    [
      [
        [0, 2],
        [1, 4],
        [0, 4],
      ],
      [[0, 2]],
      [],
    ],
    4,
  ),
};
check("edge-prediction", edgePrediction, pairsOfNodes);
check("edge-prediction projected", edgePrediction, pairsOfNodes, { projectionDim: 4 });

const ORDERS = [[4, 2, 0, 1, 3], [1, 2, 0], [0]];
const shuffled = batch(
  graphs.map((graph, at) => ({
    ...graph,
    nodes: Int32Array.from(ORDERS[at]!.flatMap((place) => [...graph.nodes.subarray(2 * place, 2 * place + 2)])),
    values: Float32Array.from(ORDERS[at]!.flatMap((place) => [...graph.values!.subarray(2 * place, 2 * place + 2)])),
  })),
  shape,
);
check("dgi", dgi, { graph: inputs, shuffled });
check("infograph", infograph, { graph: inputs });

const second = batch(
  graphs.map((graph, at) => ({
    ...graph,
    // The first edge of the first two graphs is gone, and the first number of all nodes.
    edges: at < 2 ? graph.edges.slice(4) : graph.edges,
    values: graph.values!.map((value, place) => (place % 2 === 0 ? 0 : value)),
  })),
  shape,
);
check("grace", grace, { first: inputs, second }, { projectionDim: 4 });

const context = batch(
  graphs.map((graph) => ({ ...graph, values: graph.values!.map((value) => -value) })),
  shape,
);
check("context-prediction", contextPrediction, {
  neighborhood: inputs,
  context,
  shared: marks((node) => [1, 2, 5].includes(node)),
});

test("one layer of gin as a decoder: output and every gradient as torch's", async () => {
  const expected = await torchCase("node-methods", "gin decoder");
  const encoder = gin.build(gin.options.parse({ width: 6 }), graphModality(shape).specs);
  const decoder = encoder.nodes.decoder(4);
  const params = { p: weights(decoder.init(new Rng(0))) };
  // The flat list's vectors, padded; and only those that are there, packed again.
  const flat = fill("vectors", [9, 6]).data;
  const place = marks(() => true).data;
  const vectors = new Float32Array(18 * 6);
  const rows = [...place].flatMap((there, at) => (there ? [at] : []));
  rows.forEach((row, node) => {
    vectors.set(flat.subarray(node * 6, node * 6 + 6), row * 6);
  });
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(
      ({ p }: Traced<typeof params>) => {
        const tensors = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, constant(tensor)]));
        const decoded = decoder.apply(p, constant(float32(vectors, [3, 6, 6])), tensors);
        return np.take(np.reshape(decoded, [18, 4]), constant(int32(rows, [9])), 0);
      },
      params,
      device,
    );
    assertMatches(output, expected.output, `output on ${device}`);
    assertGradients(gradients, expected);
  }
});
