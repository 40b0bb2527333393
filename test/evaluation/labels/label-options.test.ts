import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { answersOf, type LabelTask } from "../../../src/data/index.ts";
import { optionsFromLabels } from "../../../src/evaluation/labels/label-options.ts";

const given = (task: LabelTask, classes: readonly string[], labels: readonly number[], balanced = true) =>
  optionsFromLabels(
    answersOf(task, classes),
    classes,
    {
      labels: Int32Array.from(labels),
      known: Int32Array.from(labels.keys()).filter((entry) => labels[entry]! >= 0),
      indices: new Int32Array(),
      validation: new Int32Array(),
    },
    balanced,
  );

test("balanced classes count alike: the weights of each class's rows have the same sum", () => {
  const labels = fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 3, maxLength: 40 });
  fc.assert(
    fc.property(labels, (drawn) => {
      const all = [0, 1, 2, ...drawn];
      const weights = given("classification", ["a", "b", "c"], all).classWeights as number[];
      const sums = weights.map((weight, label) => weight * all.filter((own) => own === label).length);
      for (const sum of sums) assert.ok(Math.abs(sum - sums[0]!) < 1e-9);
    }),
  );
});

test("of several labels each is weighed for itself, and not what stands together", () => {
  // cat: there in 1 of 4; indoor: in 3 of 4.
  const { labelWeights } = given("multi-label", ["cat|indoor", "indoor", "|"], [0, 1, 1, 2]);
  assert.deepEqual(labelWeights, [
    [4 / (2 * 3), 4 / 2],
    [4 / 2, 4 / (2 * 3)],
  ]);
  assert.equal(given("multi-label", ["a", "b"], [0, 1], false).labelWeights, undefined);
});

test("values are known by mean and deviation; where all are the same there is nothing to learn", () => {
  const { center, spread } = given("regression", ["1", "3"], [0, 1, -1], false);
  assert.deepEqual([center, spread], [2, 1]);
  for (const task of ["classification", "multi-label", "regression", "similarity"] as const)
    assert.throws(() => given(task, ["1", "2"], [0, 0, -1], false), /every label to learn from is "1"/);
});
