import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng, type Tensor, type Traced } from "../../src/array/index.ts";
import { decoder, upsample } from "../../src/layers/decoder.ts";
import { inTraining } from "../../src/layers/scope.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";

for (const size of [
  [6, 8],
  [7, 5],
  [2, 3],
] as const)
  test(`a map of 3 × 4 at ${size.join(" × ")} is PyTorch's nearest interpolation`, async () => {
    const expected = await torchCase("restore", `upsample ${size.join(" ")}`);
    const inputs = { x: fill("x", [2, 2, 3, 4]) };
    for (const device of ["cpu", "wasm"] as const) {
      const forward = ({ x }: Traced<typeof inputs>) => upsample(x, size);
      const { output, gradients } = await outputAndGradients(forward, inputs, device);
      assertMatches(output, expected.output, `map on ${device}`);
      assertGradients(gradients, expected);
    }
  });

const cases: Record<string, { layer: ReturnType<typeof decoder>; x: Tensor }> = {
  "decoder vector": { layer: decoder(5, [3, 10, 10], 2), x: fill("x", [4, 5]) },
  "decoder map": { layer: decoder([4, 2, 3], [3, 7, 9], 2), x: fill("x", [3, 4, 2, 3]) },
  "decoder oblong": { layer: decoder([4, 4, 2], [1, 4, 8], 2), x: fill("x", [3, 4, 4, 2]) },
};
for (const [name, { layer, x }] of Object.entries(cases))
  test(`${name}: output and every gradient as PyTorch's layers`, async () => {
    const expected = await torchCase("restore", name);
    const inputs = { p: weights(layer.init(new Rng(0))), x };
    const forward = ({ p, x }: Traced<typeof inputs>) => inTraining(undefined, () => layer.apply(p, x)).result;
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(forward, inputs, device);
      assertMatches(output, expected.output, `${name} on ${device}`);
      assertGradients(gradients, expected);
    }
    await assertFiniteDifferences(forward, inputs, { step: 2e-3, tolerance: 2e-2 });
  });

test("for all sizes, the output has the requested extents", async () => {
  for (const [from, to] of [
    [7, [3, 28, 28]],
    [7, [1, 3, 3]],
    [7, [3, 5, 40]],
    [
      [6, 2, 2],
      [3, 28, 28],
    ],
    [
      [6, 16, 16],
      [3, 224, 224],
    ],
    [
      [6, 8, 8],
      [5, 4, 4],
    ],
  ] as const) {
    const layer = decoder(from, to, 1);
    const inputs = { p: layer.init(new Rng(0)), x: fill("x", [2, ...(typeof from === "number" ? [from] : from)]) };
    const output = await evaluateOne(({ p, x }: Traced<typeof inputs>) => layer.apply(p, x), [inputs]);
    assert.deepEqual(output.shape, [2, ...to]);
  }
});
