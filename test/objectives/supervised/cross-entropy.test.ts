import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, float32, int32, type Traced } from "../../../src/array/index.ts";
import { accuracy, crossEntropy } from "../../../src/objectives/supervised/cross-entropy.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const inputs = { logits: fill("logits", [5, 4]) };
type Inputs = Traced<typeof inputs>;
const labels = () => constant(int32([0, 3, 1, 1, 2], [5]));

test("value, gradient and accuracy as PyTorch's", async () => {
  const expected = await torchCase("layers", "crossEntropy");
  const loss = ({ logits }: Inputs) => crossEntropy(logits, labels());
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(loss, inputs, device);
    assertMatches(output, expected.output, `loss on ${device}`);
    assertGradients(gradients, expected);
    const share = await evaluateOne(({ logits }: Inputs) => accuracy(logits, labels()), [inputs], device);
    assertMatches(share, expected.accuracy, `accuracy on ${device}`);
  }
  await assertFiniteDifferences(loss, inputs);
});

test("logits in the thousands overflow nothing", async () => {
  const logits = float32([5000, 0, -5000, 0, 5000, 5000], [2, 3]);
  const loss = await evaluateOne(
    (given: Inputs) => crossEntropy(given.logits, constant(int32([0, 1], [2]))),
    [{ logits }],
  );
  assert.ok(Math.abs(loss.data[0]! - Math.log(2) / 2) < 1e-6);
});
