import assert from "node:assert/strict";
import { test } from "node:test";
import { measuresOf } from "../../../src/evaluation/scores/measures.ts";
import { averagePrecisionOf, rocAucOf } from "../../../src/evaluation/scores/ranking.ts";

const near = (value: number | undefined, expected: number) =>
  assert.ok(value !== undefined && Math.abs(value - expected) < 1e-12, `${value}, not ${expected}`);

test("worked out by hand, with rows of one score", () => {
  // scikit-learn's example: 3 of 4 pairs are in order.
  near(rocAucOf([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 0.75);
  near(averagePrecisionOf([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), (1 + 2 / 3) / 2);
  // The tie counts a half; whatever the order of the rows.
  near(rocAucOf([1, 1, 0], [1, 0, 0]), 0.75);
  near(rocAucOf([1, 1, 0], [0, 1, 0]), 0.75);
  near(averagePrecisionOf([1, 1, 0], [1, 0, 0]), 0.5);
  near(averagePrecisionOf([1, 1, 0], [0, 1, 0]), 0.5);
  // Nothing is ranked: chance level, and the share of positive rows.
  near(rocAucOf(new Float32Array(8), [1, 0, 0, 0, 1, 0, 0, 0]), 0.5);
  near(averagePrecisionOf(new Float32Array(8), [1, 0, 0, 0, 1, 0, 0, 0]), 0.25);
  assert.equal(rocAucOf([1, 2], [1, 1]), undefined);
  assert.equal(averagePrecisionOf([1, 2], [0, 0]), undefined);
});

test("two classes have both measures of the second; more have none; of several labels the mean is taken", () => {
  const answers = { task: "classification", outputs: ["a", "b"] } as const;
  const logits = Float32Array.of(2, 1, 0, 1, 0, 3, 0, -5);
  const truth = Float32Array.of(1, 0, 0, 1, 0, 1, 1, 0);
  const { named } = measuresOf(answers, logits, truth);
  near(named.rocAuc, 1);
  near(named.averagePrecision, 1);
  const three = measuresOf({ task: "classification", outputs: ["a", "b", "c"] }, logits.slice(0, 3), truth.slice(0, 3));
  assert.equal("rocAuc" in three.named, false);
  const labels = measuresOf(
    { task: "multi-label", outputs: ["a", "b"] },
    Float32Array.of(2, 1, 1, 1, 0, 1),
    Float32Array.of(0, 1, 1, 1, 0, 1),
  );
  // Of "a" one of two pairs is in order; "b" has one class only, and is left out.
  near(labels.named.meanRocAuc, 0.5);
});
