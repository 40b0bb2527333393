import assert from "node:assert/strict";
import { test } from "node:test";
import { avgL1Norm } from "../../../src/agents/parts/dense.ts";
import { float32, type Traced } from "../../../src/array/index.ts";
import { elu } from "../../../src/layers/functions/elu.ts";
import { assertFiniteDifferences, evaluateOne, fill } from "../../fixtures/torch/reference.ts";

const points = [-30, -2, -0.5, -1e-4, 0.25, 1, 40];

test("ELU is x above 0 and eˣ − 1 below, and its derivative that of differences", async () => {
  for (const device of ["cpu", "wasm"] as const) {
    const { data } = await evaluateOne((x) => elu(x), [float32(points, [7])], device);
    points.forEach((x, at) => {
      assert.ok(Math.abs(data[at]! - (x > 0 ? x : Math.expm1(x))) < 1e-6, `${x} on ${device}`);
    });
  }
  const inputs = { x: fill("elu", [3, 5], 2) };
  await assertFiniteDifferences(({ x }: Traced<typeof inputs>) => elu(x), inputs);
});

test("AvgL1Norm leaves a mean absolute value of 1, nothing of nothing, and has the derivative of differences", async () => {
  const inputs = { x: fill("norm", [3, 5], 2) };
  const { data } = await evaluateOne(({ x }) => avgL1Norm(x), [inputs]);
  for (let row = 0; row < 3; row++) {
    const mean = [0, 1, 2, 3, 4].reduce((sum, at) => sum + Math.abs(data[row * 5 + at]!) / 5, 0);
    assert.ok(Math.abs(mean - 1) < 1e-6);
  }
  const nothing = await evaluateOne((x) => avgL1Norm(x), [float32([0, 0, 0], [1, 3])]);
  assert.deepEqual([...nothing.data], [0, 0, 0]);
  await assertFiniteDifferences(({ x }: Traced<typeof inputs>) => avgL1Norm(x), inputs);
});
