import assert from "node:assert/strict";
import { test } from "node:test";
import { float32, type Traced } from "../../../src/array/index.ts";
import { hierarchicalContrast } from "../../../src/objectives/contrastive/hierarchical-contrast.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const views = (batch: number, steps: number) => ({
  first: fill("first", [batch, steps, 5]),
  second: fill("second", [batch, steps, 5]),
});
type Views = Traced<ReturnType<typeof views>>;

for (const [name, batch, steps, options] of [
  ["", 4, 8, {}],
  [" odd", 3, 7, { alpha: 0.3 }],
  [" unit", 3, 9, { temporalUnit: 2 }],
  [" alone", 1, 6, {}],
] as const)
  test(`TS2Vec's loss${name}: value and gradients as PyTorch's`, async () => {
    const expected = await torchCase("time", `hierarchicalContrast${name}`);
    const loss = ({ first, second }: Views) => hierarchicalContrast(first, second, options);
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(loss, views(batch, steps), device);
      assertMatches(output, expected.output, `loss on ${device}`);
      assertGradients(gradients, expected);
    }
    await assertFiniteDifferences(loss, views(batch, steps), { step: 1e-3, tolerance: 2e-2 });
  });

test("two steps of two samples along four axes give the value worked out by hand", async () => {
  const axes = float32([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [2, 2, 4]);
  const { data } = await evaluateOne(
    ({ first, second }: Views) => hierarchicalContrast(first, second),
    [{ first: axes, second: axes }],
  );
  // A partner at 1 and two others at 0, both among samples and among steps; after pooling a partner at 2.
  const apart = (partner: number) => Math.log(Math.exp(partner) + 2) - partner;
  assert.ok(Math.abs(data[0]! - (apart(1) + 0.5 * apart(2)) / 2) < 1e-6, `${data}`);
});
