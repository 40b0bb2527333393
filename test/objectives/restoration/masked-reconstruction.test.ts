import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, constant, filled, float32, type Traced } from "../../../src/array/index.ts";
import { maskedReconstruction, normalizePatches } from "../../../src/objectives/restoration/masked-reconstruction.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const inputs = { prediction: fill("prediction", [2, 4, 12]) };
type Inputs = Traced<typeof inputs>;
const mask = () => constant(float32([0, 1, 1, 1, 1, 1, 0, 1], [2, 4]));

test("value and gradient as MAE's code", async () => {
  const expected = await torchCase("layers", "maskedReconstruction");
  const target = fill("target", [2, 4, 12]);
  const loss = ({ prediction }: Inputs) => maskedReconstruction(prediction, normalizePatches(constant(target)), mask());
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(loss, inputs, device);
    assertMatches(output, expected.output, `loss on ${device}`);
    assertGradients(gradients, expected);
  }
  assertMatches(await evaluateOne((x: Array) => normalizePatches(x), [target]), expected.normalised, "normalised");
  await assertFiniteDifferences(loss, inputs);
});

test("visible patches do not count", async () => {
  const zeros = filled([2, 4, 12], 0);
  const wrongWhereVisible = filled([2, 4, 12], 0);
  wrongWhereVisible.data.fill(1e3, 0, 12).fill(1e3, 6 * 12, 7 * 12);
  const loss = (prediction: Array, target: Array) => maskedReconstruction(prediction, target, mask());
  assert.equal((await evaluateOne(loss, [wrongWhereVisible, zeros])).data[0], 0);
});

test("a patch of one colour becomes zeros", async () => {
  const flat = await evaluateOne((x: Array) => normalizePatches(x), [filled([1, 1, 48], 0.7)]);
  assert.ok(flat.data.every((value) => Math.abs(value) < 1e-3));
});
