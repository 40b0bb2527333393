import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictTable } from "../../../src/evaluation/worth/table.ts";

test("what means leave out is said with the reason: labels of one class, values of no sample", () => {
  const verdict = {
    outputs: ["a", "b"],
    rows: 3,
    broken: 0,
    score: 0.5,
    measures: { r2: 0.5 },
    each: { a: { r2: 0.5 } },
  };
  assert.match(
    verdictTable({ ...verdict, task: "regression", unmeasured: ["b"] }),
    /left out of the means, as their test samples have no value: b$/,
  );
  assert.match(
    verdictTable({ ...verdict, task: "multi-label", unmeasured: ["b"] }),
    /left out of the means, as their test samples are not of both classes: b$/,
  );
  assert.doesNotMatch(verdictTable({ ...verdict, task: "regression" }), /left out/);
});
