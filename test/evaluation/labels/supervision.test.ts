import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Source } from "../../../src/data/index.ts";
import { splitForTraining } from "../../../src/evaluation/labels/supervision.ts";

const sourceOf = (labels: Int32Array, classes: number): Source<unknown> => ({
  length: labels.length,
  labels,
  classes: Array.from({ length: classes }, (_, label) => `class ${label}`),
  name: String,
  read: async () => undefined,
  manifest: undefined,
  close: async () => undefined,
});

const BASE = { validation: 0.2, patience: 3, unlabelled: false, seed: 0 };

test("validation entries and labels not drawn are never trained on; the same seed gives the same split", () => {
  const labelled = fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 60, maxLength: 200 });
  fc.assert(
    fc.property(labelled, fc.boolean(), fc.integer({ min: 0, max: 9 }), (drawn, unlabelled, seed) => {
      const labels = Int32Array.from([0, 0, 1, 1, 2, 2, ...Array.from({ length: 20 }, (_, at) => at % 3), ...drawn]);
      const source = sourceOf(labels, 3);
      const settings = { ...BASE, unlabelled, seed, labels: 20 };
      const parts = splitForTraining(source, "classification", settings);
      assert.deepEqual(splitForTraining(source, "classification", settings), parts);
      assert.equal(parts.training.length + parts.validation.length, 20);
      const heldOut = new Set(parts.validation);
      assert.ok(parts.indices.every((entry) => !heldOut.has(entry)));
      const training = new Set(parts.training);
      parts.labels.forEach((label, entry) => {
        assert.equal(label, training.has(entry) ? labels[entry] : -1);
      });
      const used = new Set(parts.indices);
      assert.equal(used.size, unlabelled ? labels.length - heldOut.size : training.size);
    }),
    { numRuns: 40 },
  );
});

test("labelled samples are repeated to about one in eight if many are unlabelled", () => {
  const labels = new Int32Array(2000).fill(-1).map((_, entry) => (entry < 40 ? entry % 4 : -1));
  const { indices, training } = splitForTraining(sourceOf(labels, 4), "classification", { ...BASE, unlabelled: true });
  const share = indices.filter((entry) => entry < 40).length / indices.length;
  assert.ok(Math.abs(share - 1 / 8) < 0.01, `${share}`);
  assert.equal(training.length, 32);
});

test("too few labels are an error", () => {
  const labels = Int32Array.of(0, -1, -1);
  assert.throws(() => splitForTraining(sourceOf(labels, 1), "classification", BASE), /1 labels are too few/);
});
