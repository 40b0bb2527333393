import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, float32, int32 } from "../../src/array/index.ts";
import { labelOptions, targetsOf } from "../../src/methods/parts/labels.ts";
import * as objectives from "../../src/objectives/public.ts";
import { fill, outputAndGradients } from "../fixtures/torch/reference.ts";
import { comparing } from "./checks.ts";

const equalsTorch = comparing("labels", { step: 4e-3 });

const pair = { first: fill("first", [5, 6]), second: fill("second", [5, 6]) };
for (const [name, labels] of Object.entries({
  classes: [0, 1, 0, 2, 1],
  "some without": [0, -1, 0, -1, 1],
  none: [-1, -1, -1, -1, -1],
}))
  equalsTorch(`supCon ${name}`, pair, ({ first, second }) =>
    objectives.supCon(first, second, constant(int32(labels, [5])), { temperature: 0.3 }),
  );

const logits = { logits: fill("logits", [5, 3], 3) };
equalsTorch("binary", logits, (inputs) => {
  const { data } = fill("targets", [5, 3]);
  const { loss } = targetsOf(labelOptions.parse({ task: "multi-label", classes: ["a", "b|c"] }));
  return loss(inputs.logits, {
    values: constant(
      float32(
        Float32Array.from(data, (value) => Number(value > 0)),
        [5, 3],
      ),
    ),
    weight: constant(
      float32(
        [1, 0, 2, 0.5, 0].flatMap((weight) => [weight, weight, weight]),
        [5, 3],
      ),
    ),
  }).loss;
});

const classes = ["ape", "bee", "cat"];
for (const [name, more] of Object.entries({
  classes: { classWeights: [1, 2, 0.5] },
  smoothed: { labelSmoothing: 0.1 },
}))
  equalsTorch(name, logits, (inputs) => {
    const { loss, of } = targetsOf(labelOptions.parse({ classes, ...more }));
    const rows = [2, 0, 1, 0, 1].map(of);
    const values = rows.flatMap((row) => [...row.values.data]);
    const weight = rows.flatMap((row) => [...row.weight.data]);
    return loss(inputs.logits, { values: constant(float32(values, [5, 3])), weight: constant(float32(weight, [5])) })
      .loss;
  });

test("labels are read by what they are, and what is no number is said", () => {
  const several = targetsOf(labelOptions.parse({ task: "multi-label", classes: ["cat | indoor", "dog", "indoor"] }));
  assert.deepEqual(several.answers.outputs, ["cat", "dog", "indoor"]);
  assert.deepEqual([...several.of(0).values.data], [1, 0, 1]);
  const weighed = targetsOf(
    labelOptions.parse({
      task: "multi-label",
      classes: ["cat", "cat|dog"],
      labelWeights: [
        [1, 2],
        [3, 4],
      ],
    }),
  );
  assert.deepEqual(
    [0, 1, -1].map((label) => [...weighed.of(label).weight.data]),
    [
      [2, 3],
      [2, 4],
      [0, 0],
    ],
  );
  const value = targetsOf(labelOptions.parse({ task: "regression", classes: ["1.5", "-3"], center: 1, spread: 2 }));
  assert.deepEqual([...value.of(1).values.data, ...value.of(1).weight.data], [-2, 1]);
  assert.deepEqual([...value.of(-1).values.data, ...value.of(-1).weight.data], [0, 0]);
  // What a label means, others may show: that a comma is of decimals, that labels of units are words.
  const comma = targetsOf(labelOptions.parse({ task: "regression", classes: ["1,25", "0,125"] }));
  assert.deepEqual([...comma.of(0).values.data, ...comma.of(1).values.data], [1.25, 0.125]);
  const words = targetsOf(labelOptions.parse({ task: "token-classification", classes: ["in out", "out"] }));
  const unit = words.ofUnits(1, Int32Array.of(-1, 0));
  assert.deepEqual(
    [[...unit.values.data], [...unit.weight.data]],
    [
      [0, 0, 0, 1],
      [0, 1],
    ],
  );
  assert.throws(
    () => targetsOf(labelOptions.parse({ task: "regression", classes: ["1", "red"] })),
    /"red" is not a number/,
  );
});

test("what was not measured has weight 0: the loss is the mean over what was, by hand", async () => {
  const classes = ["a=1|b=", "a=0|b=1"];
  const { of, loss } = targetsOf(labelOptions.parse({ task: "multi-label", classes }));
  assert.deepEqual(of(0), { values: float32([1, 0], [2]), weight: float32([1, 0], [2]) });
  const batch = (name: "values" | "weight") => constant(float32([...of(0)[name].data, ...of(1)[name].data], [2, 2]));
  const logits = { logits: float32([2, 9, -1, 0.5], [2, 2]) };
  const { output } = await outputAndGradients(
    (inputs) => loss(inputs.logits, { values: batch("values"), weight: batch("weight") }).loss,
    logits,
    "cpu",
  );
  const softplus = (x: number) => Math.log1p(Math.exp(x));
  assert.ok(Math.abs(Number(output.data[0]) - (softplus(-2) + softplus(-1) + softplus(-0.5)) / 3) < 1e-6);

  const numbers = ["x=3|y=", "x=5|y=10"];
  const regression = targetsOf(
    labelOptions.parse({ task: "regression", classes: numbers, center: [4, 10], spread: [2, 5] }),
  );
  assert.deepEqual(regression.of(0), { values: float32([-0.5, 0], [2]), weight: float32([1, 0], [2]) });
  const head = { weight: float32([1, 2, 3, 4], [2, 2]), bias: float32([1, 1], [2]) };
  assert.deepEqual(regression.naturalHead(head), {
    weight: float32([2, 4, 15, 20], [2, 2]),
    bias: float32([6, 15], [2]),
  });
});
