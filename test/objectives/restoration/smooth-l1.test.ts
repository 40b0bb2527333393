import assert from "node:assert/strict";
import { test } from "node:test";
import { float32, type Traced } from "../../../src/array/index.ts";
import { smoothL1 } from "../../../src/objectives/restoration/smooth-l1.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const inputs = { prediction: fill("prediction", [3, 5]), target: fill("target", [3, 5]) };
type Inputs = Traced<typeof inputs>;

for (const beta of [0.25, 1, 2])
  test(`value and gradient as PyTorch's, β ${beta}`, async () => {
    const expected = await torchCase("masked", `smoothL1 ${beta}`);
    const loss = ({ prediction, target }: Inputs) => smoothL1(prediction, target, { beta });
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(loss, inputs, device);
      assertMatches(output, expected.output, `loss on ${device}`);
      assertGradients(gradients, expected);
    }
    await assertFiniteDifferences(loss, inputs);
  });

test("the square meets the line at β, worked out by hand", async () => {
  const given = { prediction: float32([0, 0.5, 2, -4], [4]), target: float32([0, 0, 0, 0], [4]) };
  const loss = await evaluateOne(
    ({ prediction, target }: Inputs) => smoothL1(prediction, target, { beta: 2 }),
    [given],
  );
  // 0, 0.5² / 4, 2² / 4 = 2 − 1, 4 − 1.
  assert.ok(Math.abs(loss.data[0]! - (0 + 0.0625 + 1 + 3) / 4) < 1e-6);
});
