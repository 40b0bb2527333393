import assert from "node:assert/strict";
import { test } from "node:test";
import { firstDifference } from "../../../src/evaluation/smaller/first-difference.ts";

test("the first setting that differs is named, with both values", () => {
  const there = { method: { name: "distill" }, training: { epochs: 20, workers: 3 }, scale: [1, 2] };
  const asked = (training: object, rest: object = {}) => ({ ...there, ...rest, training });
  assert.equal(firstDifference(there, asked(there.training)), undefined);
  assert.equal(
    firstDifference(there, asked({ epochs: 10, workers: 3 }, { scale: [1, 3] })),
    "training.epochs 20 and not 10",
  );
  assert.equal(firstDifference(there, asked(there.training, { scale: [1, 3] })), "scale [1,2] and not [1,3]");
  assert.equal(firstDifference(there, asked(there.training, { preset: "small" })), 'preset none and not "small"');
  assert.equal(firstDifference(there, asked({ epochs: 20, workers: 1 }), ["training.workers"]), undefined);
  assert.equal(firstDifference(there, asked({ epochs: 20 }), []), "training.workers 3 and not none");
});
