import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { answersOf, type LabelTask } from "../../../src/data/index.ts";
import { optionsFromLabels } from "../../../src/evaluation/labels/label-options.ts";

const optionsFor = (task: LabelTask, classes: readonly string[], labels: readonly number[], balanced = true) =>
  optionsFromLabels(
    answersOf(task, classes),
    classes,
    {
      labels: Int32Array.from(labels),
      training: Int32Array.from(labels.keys()).filter((entry) => labels[entry]! >= 0),
      indices: new Int32Array(),
      validation: new Int32Array(),
    },
    balanced,
  );

test("balanced: the weights of each class's rows have the same sum", () => {
  const labels = fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 3, maxLength: 40 });
  fc.assert(
    fc.property(labels, (drawn) => {
      const all = [0, 1, 2, ...drawn];
      const weights = optionsFor("classification", ["a", "b", "c"], all).classWeights as number[];
      const sums = weights.map((weight, label) => weight * all.filter((own) => own === label).length);
      for (const sum of sums) assert.ok(Math.abs(sum - sums[0]!) < 1e-9);
    }),
  );
});

test("several labels are weighted individually, not by combination", () => {
  // cat: present in 1 of 4; indoor: in 3 of 4.
  const { labelWeights } = optionsFor("multi-label", ["cat|indoor", "indoor", "|"], [0, 1, 1, 2]);
  assert.deepEqual(labelWeights, [
    [4 / (2 * 3), 4 / 2],
    [4 / 2, 4 / (2 * 3)],
  ]);
  assert.equal(optionsFor("multi-label", ["a", "b"], [0, 1], false).labelWeights, undefined);
});

test("values give mean and deviation; equal labels are an error", () => {
  const { center, spread } = optionsFor("regression", ["1", "3"], [0, 1, -1], false);
  assert.deepEqual([center, spread], [2, 1]);
  for (const task of ["classification", "multi-label", "regression", "similarity"] as const)
    assert.throws(() => optionsFor(task, ["1", "2"], [0, 0, -1], false), /every training label is "1"/);
});
