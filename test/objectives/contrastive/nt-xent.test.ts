import assert from "node:assert/strict";
import { test } from "node:test";
import { float32, type Traced } from "../../../src/array/index.ts";
import { contrastiveAccuracy, ntXent } from "../../../src/objectives/contrastive/nt-xent.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const views = { first: fill("first", [5, 6]), second: fill("second", [5, 6]) };
type Views = Traced<typeof views>;

for (const temperature of [0.1, 0.5])
  test(`value and gradient as PyTorch's cross-entropy over cosine similarities, temperature ${temperature}`, async () => {
    const expected = await torchCase("layers", `ntXent ${temperature}`);
    const loss = ({ first, second }: Views) => ntXent(first, second, { temperature });
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(loss, views, device);
      assertMatches(output, expected.output, `loss on ${device}`);
      assertGradients(gradients, expected);
      const accuracy = ({ first, second }: Views) => contrastiveAccuracy(first, second);
      assertMatches(await evaluateOne(accuracy, [views], device), expected.accuracy, `accuracy on ${device}`);
    }
    await assertFiniteDifferences(loss, views);
  });

test("perfect and orthogonal views give the value worked out by hand", async () => {
  // Two pairs along two axes: each row has its partner at similarity 1 and two rows at 0.
  const axes = { first: float32([2, 0, 0, 3], [2, 2]), second: float32([1, 0, 0, 1], [2, 2]) };
  const loss = await evaluateOne(({ first, second }: Views) => ntXent(first, second, { temperature: 0.5 }), [axes]);
  assert.ok(Math.abs(loss.data[0]! - Math.log((Math.exp(2) + 2) / Math.exp(2))) < 1e-6);
  const accuracy = await evaluateOne(({ first, second }: Views) => contrastiveAccuracy(first, second), [axes]);
  assert.equal(accuracy.data[0], 1);
});

test("a very low temperature overflows nothing; a collapsed batch is at chance with accuracy 0", async () => {
  const sharp = await evaluateOne(({ first, second }: Views) => ntXent(first, second, { temperature: 1e-3 }), [views]);
  assert.ok(Number.isFinite(sharp.data[0]));
  const same = {
    first: float32(new Float32Array(12).fill(1), [3, 4]),
    second: float32(new Float32Array(12).fill(1), [3, 4]),
  };
  const loss = await evaluateOne(({ first, second }: Views) => ntXent(first, second, { temperature: 0.5 }), [same]);
  assert.ok(Math.abs(loss.data[0]! - Math.log(5)) < 1e-5);
  assert.equal(
    (await evaluateOne(({ first, second }: Views) => contrastiveAccuracy(first, second), [same])).data[0],
    0,
  );
});
