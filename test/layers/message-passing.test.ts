/** Sums over neighbours: a matrix and a list of edges give the same, as does adding up by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, constant, np, Rng, segmentSum, type Tensor, type Traced, tree } from "../../src/array/index.ts";
import type { GraphColumns } from "../../src/graphs/columns.ts";
import { edgeMessages, wiring } from "../../src/layers/message-passing.ts";
import { batch } from "../fixtures/graph-batch.ts";
import {
  assertFiniteDifferences,
  evaluate,
  evaluateOne,
  fill,
  outputAndGradients,
  weights,
} from "../fixtures/torch/reference.ts";
import { randomGraph } from "../graphs/graphs.ts";

const WIDTH = 5;
const FORMS = ["products", "matrix", "edges"] as const;
const columns: GraphColumns = { nodeSizes: [3], edgeSizes: [4, 3], valueDim: 0 };
const graphs = [randomGraph(1, 9, 0.4, columns), randomGraph(2, 4, 0.9, columns), randomGraph(3, 6, 0, columns)];
const edges = batch(graphs, { ...columns, maxNodes: 11, maxEdges: 30 }).edges!;
const vectors = fill("vectors", [graphs.length, 11, WIDTH]);
const near = (actual: Tensor, expected: ArrayLike<number>, what: string) => {
  assert.equal(actual.data.length, expected.length, what);
  for (const [at, value] of actual.data.entries())
    assert.ok(Math.abs(value - expected[at]!) < 1e-5, `${what} ${at}: ${value}, ${expected[at]}`);
};

for (const form of FORMS)
  for (const device of ["cpu", "wasm"] as const) {
    test(`${form} on ${device}: sums, degrees and counts are those added up edge by edge`, async () => {
      const sums = Float64Array.from(vectors.data);
      const degrees = new Float64Array(3 * 11);
      const counts = new Float64Array(3 * 11 * 8).map((_, at) => Number(at % 8 === 7));
      graphs.forEach((graph, index) => {
        for (let row = 0; row < graph.edges.length; row += 4) {
          const [from, to, kind, other] = graph.edges.subarray(row, row + 4) as unknown as [
            number,
            number,
            number,
            number,
          ];
          for (const [node, neighbour] of [
            [from, to],
            [to, from],
          ] as const) {
            const at = index * 11 + node;
            degrees[at]! += 1;
            counts[at * 8 + kind]! += 1;
            counts[at * 8 + 4 + other]! += 1;
            for (let channel = 0; channel < WIDTH; channel++)
              sums[at * WIDTH + channel]! += vectors.data[(index * 11 + neighbour) * WIDTH + channel]!;
          }
        }
      });
      const made = await evaluate(
        (edges: Array, x: Array) => {
          const connected = wiring(edges, 11, columns.edgeSizes, form);
          return { sum: connected.sum(x), degrees: connected.degrees, counts: connected.counts };
        },
        [edges, vectors] as const,
        device,
      );
      const found = Object.fromEntries(tree.entries<Tensor>(made));
      near(found.sum!, sums, "sum");
      near(found.degrees!, degrees, "degrees");
      near(found.counts!, counts, "counts");
    });
  }

test("messages differentiate, and all forms have the same gradients", async () => {
  const layer = edgeMessages(columns.edgeSizes, WIDTH);
  const params = { p: weights(layer.init(new Rng(0))), x: vectors };
  const of =
    (form: (typeof FORMS)[number]) =>
    ({ p, x }: Traced<typeof params>) =>
      layer.apply(p, x, wiring(constant(edges), 11, columns.edgeSizes, form));
  for (const form of FORMS) await assertFiniteDifferences(of(form), params);
  const [first, ...others] = await Promise.all(FORMS.map((form) => outputAndGradients(of(form), params)));
  assert.deepEqual([...first!.gradients.keys()].sort(), ["p.table", "x"]);
  for (const other of others) {
    near(first!.output, other.output.data, "output");
    for (const [path, gradient] of first!.gradients) near(gradient, other.gradients.get(path)!.data, path);
  }
});

test("a segment's sum is that of its rows; a segment without rows is 0", async () => {
  const rows = fill("rows", [5, 2]);
  for (const device of ["cpu", "wasm"] as const) {
    const places = { dtype: "int32", shape: [5], data: Int32Array.of(3, 0, 3, 3, 0) } as const;
    const sums = await evaluateOne(
      (x: Array, at: Array) => segmentSum(np.multiply(x, 2), at, 4),
      [rows, places] as const,
      device,
    );
    const [a, b, c, d, e, f, g, h, i, j] = [...rows.data].map((value) => 2 * value) as [number, ...number[]];
    near(sums, [c! + i!, d! + j!, 0, 0, 0, 0, a + e! + g!, b! + f! + h!], device);
  }
});
