import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Array,
  constant,
  float32,
  int32,
  type Tensor,
  type Traced,
  type TreeRecord,
} from "../../src/array/index.ts";
import { inBatchAccuracy, inBatchContrast } from "../../src/objectives/contrastive/in-batch-contrast.ts";
import { replacedTokenDetection } from "../../src/objectives/predictive/replaced-token-detection.ts";
import { accuracy, crossEntropy } from "../../src/objectives/supervised/cross-entropy.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../fixtures/torch/reference.ts";

async function check<Host extends TreeRecord<Tensor>>(
  name: string,
  loss: (inputs: Traced<Host>) => Array,
  inputs: Host,
  accuracy?: (inputs: Traced<Host>) => Array,
): Promise<void> {
  const expected = await torchCase("text", name);
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(loss, inputs, device);
    assertMatches(output, expected.output, `${name} on ${device}`);
    assertGradients(gradients, expected);
    if (accuracy) assertMatches(await evaluateOne(accuracy, [inputs], device), expected.accuracy, "accuracy");
  }
  await assertFiniteDifferences(loss, inputs, { step: 3e-3 });
}

for (const temperature of [0.05, 0.5])
  test(`SimCSE's loss at temperature ${temperature}`, () =>
    check(
      `inBatchContrast ${temperature}`,
      ({ first, second }) => inBatchContrast(first, second, { temperature }),
      { first: fill("first", [5, 6]), second: fill("second", [5, 6]) },
      ({ first, second }) => inBatchAccuracy(first, second),
    ));

const labels = () => constant(int32([0, 3, 1, 1, 2], [5]));
const weights = (values: readonly number[]) => constant(float32([...values], [values.length]));

test("cross-entropy over weighted rows", () =>
  check(
    "weightedCrossEntropy",
    ({ logits }) => crossEntropy(logits, labels(), { weights: weights([1, 0, 0.5, 2, 0]) }),
    { logits: fill("logits", [5, 4]) },
    ({ logits }) => accuracy(logits, labels(), { weights: weights([1, 0, 0.5, 2, 0]) }),
  ));

test("a batch without targets has loss 0 and gradients 0", async () => {
  const { output, gradients } = await outputAndGradients(
    ({ logits }: { logits: Array }) => crossEntropy(logits, labels(), { weights: weights([0, 0, 0, 0, 0]) }),
    { logits: fill("logits", [5, 4]) },
  );
  assert.ok(output.data[0] === 0 || Object.is(output.data[0], -0));
  assert.ok([...gradients.get("logits")!.data].every((value) => value === 0));
});

test("replaced-token detection", () => {
  const replaced = () => constant(float32([0, 1, 0, 0, 0, 1, 0, 0, 0, 0], [2, 5]));
  const present = () => constant(float32([1, 1, 1, 1, 0, 1, 1, 0, 0, 0], [2, 5]));
  return check("replacedTokenDetection", ({ scores }) => replacedTokenDetection(scores, replaced(), present()), {
    scores: fill("scores", [2, 5]),
  });
});

test("detection of scores in the hundreds is finite", async () => {
  const scores = float32([500, -500], [1, 2]);
  const loss = await evaluateOne(
    (given: Array) =>
      replacedTokenDetection(given, constant(float32([0, 1], [1, 2])), constant(float32([1, 1], [1, 2]))),
    [scores],
  );
  assert.equal(loss.data[0], 500);
});
