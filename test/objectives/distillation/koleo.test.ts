import assert from "node:assert/strict";
import { test } from "node:test";
import { float32, type Tensor, type Traced } from "../../../src/array/index.ts";
import { koleo } from "../../../src/objectives/distillation/koleo.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const inputs = { z: fill("z", [6, 4]) };
const loss = ({ z }: Traced<typeof inputs>) => koleo(z);

test("value and gradient as DINOv2's code", async () => {
  const expected = await torchCase("clusters", "koleo");
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(loss, inputs, device);
    assertMatches(output, expected.output, `loss on ${device}`);
    assertGradients(gradients, expected);
  }
  await assertFiniteDifferences(loss, inputs, { step: 3e-3 });
});

test("worked by hand: lengths do not matter, opposite and orthogonal rows are far, equal rows cost −log of epsilon", async () => {
  const at = async (z: Tensor) => Number((await evaluateOne(loss, [{ z }])).data[0]);
  assert.ok(Math.abs((await at(float32([3, 0, -0.1, 0], [2, 2]))) + Math.log(2)) < 1e-6);
  assert.ok(Math.abs((await at(float32([2, 0, 0, 5], [2, 2]))) + Math.log(Math.SQRT2)) < 1e-6);
  // ‖1e-8 · (1, 1)‖ + 1e-8.
  const equal = await at(float32([1, 2, 1, 2], [2, 2]));
  assert.ok(Math.abs(equal + Math.log((Math.SQRT2 + 1) * 1e-8)) < 1e-4, `${equal}`);
});
