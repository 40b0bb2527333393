import { test } from "node:test";
import { constant, float32, type Tensor, type Traced } from "../../src/array/index.ts";
import * as objectives from "../../src/objectives/public.ts";
import { assertMatches, evaluateOne, fill } from "../fixtures/torch/reference.ts";
import { comparing } from "./checks.ts";

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

const equalsTorch = comparing("node-losses");

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
  { accuracy: ({ local, global }) => localGlobalAccuracy(local, global, { there: constant(there) }) },
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
    { accuracy: ({ neighborhood, context }) => contextAccuracy(neighborhood, context, options()) },
  );
}

for (const lambda of [0.001, 0.5])
  equalsTorch(
    `ccaSsg ${lambda}`,
    { first: fill("first", [8, WIDTH]), second: fill("second", [8, WIDTH]) },
    ({ first, second }) => ccaSsg(first, second, { lambda }),
  );
