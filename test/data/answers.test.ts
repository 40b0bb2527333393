import assert from "node:assert/strict";
import { test } from "node:test";
import { answersOf, truthsOf, valuesOf } from "../../src/data/answers.ts";

test("numbers with a decimal comma are numbers, where the comma cannot be that of thousands", () => {
  assert.deepEqual(valuesOf(["0,5", "-1,25", "3", " 1e3 "]), [0.5, -1.25, 3, 1000]);
  assert.deepEqual(valuesOf(["0.5", "2"]), [0.5, 2]);
  // One label shows what the commas of all of them are.
  assert.deepEqual(valuesOf(["1,234", "0,5"]), [1.234, 0.5]);
  for (const doubtful of [
    ["1,234", "2,500"],
    ["1,234", "0.5"],
    ["1,234,567", "0,5"],
    ["1.234,5", "2"],
  ])
    assert.throws(() => answersOf("regression", doubtful), /is not a number; write decimals with a point/);
  for (const none of ["", " ", "NaN", "Infinity", "three", "1e999"])
    assert.throws(() => answersOf("regression", ["1", none]), /is not a number; use --task classification/);
  assert.deepEqual(
    truthsOf(answersOf("regression", ["0,5"]), ["0,5", "1,5"]),
    [[0.5], [1.5]].map((row) => Float32Array.from(row)),
  );
});
