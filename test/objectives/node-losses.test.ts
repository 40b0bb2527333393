/** Losses over the nodes of graphs against PyTorch's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, constant, float32, type Tensor, type Traced, type TreeRecord } from "../../src/array/index.ts";
import * as objectives from "../../src/objectives/public.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../fixtures/torch/reference.ts";

const {
  ccaSsg,
  contextAccuracy,
  contextPrediction,
  localGlobal,
  localGlobalAccuracy,
  nodeContrast,
  ntXent,
  scaledCosine,
} = objectives;

const [GRAPHS, NODES, WIDTH] = [3, 5, 6];
/** 1 for the nodes of three graphs of five, three and four, as in node-losses.py. */
const there = float32([1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0], [GRAPHS, NODES]);

/** Value, gradients and metrics on both runtimes as PyTorch's, and finite differences. */
function equalsTorch<Host extends TreeRecord<Tensor>>(
  name: string,
  inputs: Host,
  loss: (inputs: Traced<Host>) => Array,
  accuracy?: (inputs: Traced<Host>) => Array,
): void {
  test(`${name}: value and gradients as PyTorch's`, async () => {
    const expected = await torchCase("node-losses", name);
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(loss, inputs, device);
      assert.deepEqual(output.shape, []);
      assertMatches(output, expected.output, `${name} on ${device}`);
      assertGradients(gradients, expected);
      if (accuracy)
        assertMatches(await evaluateOne(accuracy, [inputs], device), expected.accuracy, `accuracy of ${name}`);
    }
    await assertFiniteDifferences(loss, inputs);
  });
}

const ofNodes = (name: string) => fill(name, [GRAPHS, NODES, WIDTH]);
const masked = float32(
  Float32Array.from(fill("masked", [GRAPHS, NODES]).data, (value, at) => Number(value > 0) * there.data[at]!),
  [GRAPHS, NODES],
);
for (const gamma of [1, 3])
  equalsTorch(
    `scaledCosine ${gamma}`,
    { prediction: ofNodes("prediction"), target: ofNodes("target") },
    ({ prediction, target }) => scaledCosine(prediction, target, { gamma, weights: constant(masked) }),
  );

const views = { first: ofNodes("first"), second: ofNodes("second") };
for (const temperature of [0.4, 0.9])
  equalsTorch(`nodeContrast ${temperature}`, views, ({ first, second }) =>
    nodeContrast(first, second, { there: constant(there), temperature }),
  );

test("of one graph without padding, the contrast of nodes is NT-Xent over its rows", async () => {
  const inputs = { first: fill("first", [7, WIDTH]), second: fill("second", [7, WIDTH]) };
  const asGraph = (rows: Tensor) => ({ ...rows, shape: [1, ...rows.shape] });
  const all = float32(new Float32Array(7).fill(1), [1, 7]);
  const [rows, nodes] = await Promise.all([
    evaluateOne(({ first, second }: Traced<typeof inputs>) => ntXent(first, second, { temperature: 0.4 }), [inputs]),
    evaluateOne(
      ({ first, second }: Traced<typeof inputs>) =>
        nodeContrast(first, second, { there: constant(all), temperature: 0.4 }),
      [{ first: asGraph(inputs.first), second: asGraph(inputs.second) }],
    ),
  ]);
  assertMatches(nodes, [...rows.data], "loss");
});

equalsTorch(
  "localGlobal",
  { local: ofNodes("local"), global: fill("global", [GRAPHS, WIDTH]) },
  ({ local, global }) => localGlobal(local, global, { there: constant(there) }),
  ({ local, global }) => localGlobalAccuracy(local, global, { there: constant(there) }),
);

const around = { neighborhood: fill("neighborhood", [6, WIDTH]), context: fill("context", [6, WIDTH]) };
for (const { name, negatives, have } of [
  { name: "all", negatives: 1, have: [1, 1, 1, 1, 1, 1] },
  { name: "all, three negatives", negatives: 3, have: [1, 1, 1, 1, 1, 1] },
  { name: "one without", negatives: 1, have: [1, 1, 0, 1, 1, 1] },
]) {
  const options = () => ({ negatives, there: constant(float32(have, [6])) });
  equalsTorch(
    `contextPrediction ${name}`,
    around,
    ({ neighborhood, context }) => contextPrediction(neighborhood, context, options()),
    ({ neighborhood, context }) => contextAccuracy(neighborhood, context, options()),
  );
}

for (const lambda of [0.001, 0.5])
  equalsTorch(
    `ccaSsg ${lambda}`,
    { first: fill("first", [8, WIDTH]), second: fill("second", [8, WIDTH]) },
    ({ first, second }) => ccaSsg(first, second, { lambda }),
  );
