import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Array,
  constant,
  filled,
  float32,
  type Tensor,
  type Traced,
  type TreeRecord,
} from "../../src/array/index.ts";
import { boxLoss, meanIou } from "../../src/objectives/predictive/boxes.ts";
import { gaussianKl } from "../../src/objectives/restoration/gaussian-kl.ts";
import { bernoulliNll, gaussianNll, squaredError } from "../../src/objectives/restoration/pixels.ts";
import { softCrossEntropy } from "../../src/objectives/supervised/soft-cross-entropy.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../fixtures/torch/reference.ts";

/** Value and gradients as PyTorch's on both runtimes, the gradients as finite differences too. */
async function check<Inputs extends TreeRecord<Tensor>>(
  name: string,
  inputs: Inputs,
  loss: (inputs: Traced<Inputs>) => Array,
): Promise<void> {
  const expected = await torchCase("restore", name);
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(loss, inputs, device);
    assertMatches(output, expected.output, `${name} on ${device}`);
    assertGradients(gradients, expected);
  }
  await assertFiniteDifferences(loss, inputs, { step: 5e-3 });
}

const picture = [2, 3, 4, 4] as const;
const numbers = async (value: Promise<Tensor>) => [...(await value).data];

test("KL divergence of Gaussians", () =>
  check("gaussianKl", { mean: fill("mean", [5, 3]), logVariance: fill("logVariance", [5, 3]) }, (given) =>
    gaussianKl(given.mean, given.logVariance),
  ));

/** What softmax makes of `fill("targets", …, 2)`, in plain numbers. */
const targets = (() => {
  const { data } = fill("targets", [6, 4], 2);
  const rows = globalThis.Array.from({ length: 6 }, (_, row) => [...data.slice(4 * row, 4 * row + 4)].map(Math.exp));
  return float32(
    rows.flatMap((row) => row.map((value) => value / row.reduce((sum, other) => sum + other))),
    [6, 4],
  );
})();
test("soft cross-entropy", () =>
  check("softCrossEntropy", { logits: fill("logits", [6, 4]) }, ({ logits }) =>
    softCrossEntropy(logits, constant(targets)),
  ));
test("soft cross-entropy with the weight of the most likely class", () =>
  check("softCrossEntropy weighted", { logits: fill("logits", [6, 4]) }, ({ logits }) =>
    softCrossEntropy(logits, constant(targets), { weights: constant(fill("rarity", [4], 0.5, 1)) }),
  ));

test("squared error", () =>
  check("squaredError", { prediction: fill("prediction", picture) }, ({ prediction }) =>
    squaredError(prediction, constant(fill("target", picture))),
  ));

const heavy = filled([2, 1, 4, 4], 0);
for (let sample = 0; sample < 2; sample++)
  for (const [y, x] of [1, 2, 3].flatMap((row) => [1, 2, 3].map((column) => [row, column] as const)))
    heavy.data[sample * 16 + y * 4 + x] = y >= 2 && x === 2 ? 1 : 10;
test("squared error with weights, over values with a weight", () =>
  check("squaredError weighted", { prediction: fill("prediction", picture) }, ({ prediction }) =>
    squaredError(prediction, constant(fill("target", picture)), { weights: constant(heavy) }),
  ));
test("without weights above 0 the loss is 0", async () => {
  const loss = (prediction: Array) =>
    squaredError(prediction, constant(filled(picture, 0)), { weights: constant(filled([2, 1, 4, 4], 0)) });
  assert.deepEqual(await numbers(evaluateOne(loss, [fill("prediction", picture)])), [0]);
});

test("Bernoulli pixels", () =>
  check("bernoulliNll", { logits: fill("logits", picture, 3) }, ({ logits }) =>
    bernoulliNll(logits, constant(fill("unit", picture, 0.5, 0.5))),
  ));
test("Bernoulli pixels that are certain overflow nothing", async () => {
  const loss = (logits: Array) => bernoulliNll(logits, constant(float32([1, 0, 1], [1, 3])));
  const [value] = await numbers(evaluateOne(loss, [float32([1000, -1000, -1000], [1, 3])]));
  assert.equal(value, 1000);
});
test("Gaussian pixels", () =>
  check("gaussianNll", { prediction: fill("prediction", picture) }, ({ prediction }) =>
    gaussianNll(prediction, constant(fill("unit", picture, 0.5, 0.5))),
  ));

test("boxes: L1 and generalised IoU as torchvision's", async () => {
  const expected = await torchCase("restore", "boxLoss");
  assert.ok(globalThis.Array.isArray(expected.boxes));
  const boxes = float32(expected.boxes as number[], [6, 4]);
  const answers = fill("answers", [6, 4], 0.2, 0.5);
  await check("boxLoss", { boxes }, (given) => boxLoss(given.boxes, constant(answers), { l1: 5, giou: 2 }));
  for (const device of ["cpu", "wasm"] as const)
    assertMatches(
      await evaluateOne((a: Array, b: Array) => meanIou(a, b), [boxes, answers], device),
      expected.iou,
      "iou",
    );
});
test("equal boxes: loss 0 and IoU 1; disjoint boxes are worse the farther apart they are", async () => {
  const loss = (a: Array, b: Array) => boxLoss(a, b, { l1: 0, giou: 1 });
  const box = float32([0.2, 0.2, 0.1, 0.1], [1, 4]);
  assert.ok(Math.abs((await numbers(evaluateOne(loss, [box, box])))[0]!) < 1e-4);
  const [near] = await numbers(evaluateOne(loss, [box, float32([0.4, 0.2, 0.1, 0.1], [1, 4])]));
  const [far] = await numbers(evaluateOne(loss, [box, float32([0.8, 0.2, 0.1, 0.1], [1, 4])]));
  // Hulls of 3 and 7 boxes, of which two are filled.
  assert.ok(Math.abs(near! - 4 / 3) < 1e-4 && Math.abs(far! - 12 / 7) < 1e-4, `${near}, ${far}`);
});
