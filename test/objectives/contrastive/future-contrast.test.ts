import assert from "node:assert/strict";
import { test } from "node:test";
import { float32, type Traced } from "../../../src/array/index.ts";
import { futureContrast } from "../../../src/objectives/contrastive/future-contrast.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const views = { first: fill("first", [5, 3, 4]), second: fill("second", [5, 3, 4]) };
const loss = ({ first, second }: Traced<typeof views>) => futureContrast(first, second);

test("value and gradients as PyTorch's loop over steps", async () => {
  const expected = await torchCase("time", "futureContrast");
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(loss, views, device);
    assertMatches(output, expected.output, `loss on ${device}`);
    assertGradients(gradients, expected);
  }
  await assertFiniteDifferences(loss, views);
});

test("two samples predicted along two axes give the value worked out by hand", async () => {
  const axes = float32([1, 0, 0, 1], [2, 1, 2]);
  const { data } = await evaluateOne(loss, [{ first: axes, second: axes }]);
  assert.ok(Math.abs(data[0]! - (Math.log(Math.E + 1) - 1)) < 1e-6, `${data}`);
});
