import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, constant, filled, float32, type Traced } from "../../../src/array/index.ts";
import { maskedL1 } from "../../../src/objectives/restoration/masked-l1.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const inputs = { prediction: fill("prediction", [2, 4, 12]), target: fill("target", [2, 4, 12]) };
type Inputs = Traced<typeof inputs>;
const mask = () => constant(float32([0, 1, 1, 1, 1, 1, 0, 1], [2, 4]));

test("value and gradient as SimMIM's code", async () => {
  const expected = await torchCase("masked", "maskedL1");
  const loss = ({ prediction, target }: Inputs) => maskedL1(prediction, target, mask());
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(loss, inputs, device);
    assertMatches(output, expected.output, `loss on ${device}`);
    assertGradients(gradients, expected);
  }
  await assertFiniteDifferences(loss, inputs, { step: 1e-3, tolerance: 2e-2 });
});

test("visible patches do not count", async () => {
  const wrongWhereVisible = filled([2, 4, 12], 0);
  wrongWhereVisible.data.fill(1e3, 0, 12).fill(1e3, 6 * 12, 7 * 12);
  const loss = (prediction: Array, target: Array) => maskedL1(prediction, target, mask());
  assert.equal((await evaluateOne(loss, [wrongWhereVisible, filled([2, 4, 12], 0)])).data[0], 0);
});
