import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, constant, int32, Rng, type Tensor, type Traced, type TreeRecord } from "../../src/array/index.ts";
import { conv } from "../../src/layers/conv.ts";
import { mlp } from "../../src/layers/heads/mlp.ts";
import { linear } from "../../src/layers/linear.ts";
import { batchNorm } from "../../src/layers/norms/batch-norm.ts";
import { layerNorm } from "../../src/layers/norms/layer-norm.ts";
import { inTraining } from "../../src/layers/scope.ts";
import { attention, crossAttention } from "../../src/layers/transformer/attention.ts";
import { attentionBias } from "../../src/layers/transformer/attention-bias.ts";
import { transformerBlock } from "../../src/layers/transformer/transformer.ts";
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

interface Checked<Host extends TreeRecord<Tensor>> {
  init(rng: Rng): Host;
  apply(params: Traced<Host>, x: Array): Array;
}

/** Output and gradients as PyTorch's and, as a check of both, the gradients as finite differences. */
async function check<Host extends TreeRecord<Tensor>>(name: string, layer: Checked<Host>, x: Tensor): Promise<void> {
  const expected = await torchCase("layers", name);
  const inputs = { p: weights(layer.init(new Rng(0))), x };
  type Inputs = typeof inputs;
  const forward = ({ p, x }: Traced<Inputs>) => inTraining(undefined, () => layer.apply(p, x)).result;
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(forward, inputs, device);
    assert.ok(expected.output);
    assertMatches(output, expected.output, `${name} on ${device}`);
    assertGradients(gradients, expected);
  }
  await assertFiniteDifferences(forward, inputs);
}

test("layer norm", () => check("layerNorm", layerNorm(8), fill("x", [2, 3, 8])));
test("attention", () => check("attention", attention(8, 2), fill("x", [2, 5, 8])));
test("transformer block", () =>
  check("transformer", transformerBlock({ width: 8, heads: 2, mlpRatio: 2 }), fill("x", [2, 5, 8])));
test("projector", () => check("mlp", mlp([5, 7, 3]), fill("x", [6, 5])));
test("batch norm of features", () => check("batchNorm 1d", batchNorm(4), fill("x", [6, 4])));
test("batch norm of maps", () => check("batchNorm 2d", batchNorm(4), fill("x", [3, 4, 2, 2])));
for (const [kernel, stride] of [
  [1, 1],
  [3, 1],
  [3, 2],
  [7, 2],
] as const)
  test(`convolution ${kernel} × ${kernel}, stride ${stride}`, () =>
    check(`conv ${kernel} ${stride}`, conv(3, 4, kernel, stride), fill("x", [2, 3, 9, 8])));

test("linear layers differentiate", () => {
  const inputs = { p: weights(linear(5, 3).init(new Rng(0))), x: fill("x", [2, 4, 5]) };
  return assertFiniteDifferences(({ p, x }: Traced<typeof inputs>) => linear(5, 3).apply(p, x), inputs);
});

test("cross-attention, with padding among the keys", async () => {
  const layer = crossAttention(8, 2);
  const { weights: shares, ...expected } = await torchCase("captions", "cross-attention");
  const mask = int32([1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0], [2, 6]);
  const inputs = { p: weights(layer.init(new Rng(0))), x: fill("x", [2, 3, 8]), memory: fill("memory", [2, 6, 8]) };
  const bias = () => attentionBias(constant(mask));
  const forward = ({ p, x, memory }: Traced<typeof inputs>) => layer.apply(p, x, memory, { bias: bias() });
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(forward, inputs, device);
    assertMatches(output, expected.output, `cross-attention on ${device}`);
    assertGradients(gradients, expected);
  }
  await assertFiniteDifferences(forward, inputs);
  const attended = await evaluateOne(
    ({ p, x, memory }: Traced<typeof inputs>) => layer.weights(p, x, memory, { bias: bias() }),
    [inputs],
  );
  assertMatches(attended, shares, "attention weights");
});
