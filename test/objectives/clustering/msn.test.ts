import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, constant, float32, type Tensor, type Traced } from "../../../src/array/index.ts";
import { msn } from "../../../src/objectives/clustering/msn.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const inputs = {
  anchors: fill("anchors", [6, 4]),
  targets: fill("targets", [3, 4]),
  prototypes: fill("prototypes", [5, 4]),
};
type Inputs = Traced<typeof inputs>;
const options = { temperature: 0.1, targetSharpenTemperature: 0.25, regularizationWeight: 1 };

for (const [name, changes] of [
  ["plain", {}],
  ["sinkhorn", { sinkhornIterations: 3 }],
  ["weighted", { regularizationWeight: 5 }],
] as const)
  test(`value and gradients as MSN's code, ${name}; none for the targets`, async () => {
    const expected = await torchCase("clusters", `msn ${name}`);
    const loss = ({ anchors, targets, prototypes }: Inputs) =>
      msn(anchors, targets, prototypes, { ...options, ...changes });
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(loss, inputs, device);
      assertMatches(output, expected.output, `loss on ${device}`);
      assertGradients(gradients, expected);
      assert.ok(gradients.get("targets")!.data.every((value) => value === 0));
    }
  });

test("the anchors' gradient is that of finite differences", async () => {
  const anchors = { anchors: inputs.anchors };
  await assertFiniteDifferences(
    (given: Traced<typeof anchors>) =>
      msn(given.anchors, constant(inputs.targets), constant(inputs.prototypes), options),
    anchors,
    { step: 3e-3 },
  );
});

test("worked by hand: sure and balanced costs nothing; all in one cluster costs log K of regularisation", async () => {
  const at = async (anchors: Tensor, targets: Tensor, weight: number) => {
    const result = await evaluateOne(
      (a: Array, t: Array, p: Array) =>
        msn(a, t, p, { temperature: 0.01, targetSharpenTemperature: 0.25, regularizationWeight: weight }),
      [anchors, targets, float32([1, 0, 0, 1], [2, 2])] as const,
    );
    return Number(result.data[0]);
  };
  const both = float32([5, 0, 0, 2], [2, 2]);
  assert.ok(Math.abs(await at(both, both, 1)) < 1e-6);
  const one = float32([5, 0, 2, 0], [2, 2]);
  assert.ok(Math.abs((await at(one, one, 3)) - 3 * Math.log(2)) < 1e-5);
  assert.ok(Math.abs(await at(one, one, 0)) < 1e-6);
  // The second sample's target is the other prototype: −log softmax of a cosine of 0 against 1, over the temperature.
  assert.ok(Math.abs((await at(one, both, 0)) - 50) < 1e-3);
  await assert.rejects(at(float32([1, 0, 0, 1, 1, 1], [3, 2]), both, 1), /3 anchors for 2 targets/);
});
