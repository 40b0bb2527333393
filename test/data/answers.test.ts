import assert from "node:assert/strict";
import { test } from "node:test";
import { answersOf, areColumns, labelOfColumns, truthReader, truthsOf, valuesOf } from "../../src/data/answers.ts";

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

test("labels in several columns are one text, with nothing where nothing was measured", () => {
  const names = ["NR-AR", "SR p53"];
  assert.equal(labelOfColumns(names, ["1", undefined]), "NR-AR=1|SR p53=");
  assert.equal(labelOfColumns(names, [" ", ""]), undefined);
  assert.throws(() => labelOfColumns(["a=b", "c"], ["1", "0"]), /the column "a=b": rename it/);
  const classes = ["NR-AR=1|SR p53=", "NR-AR=0.0|SR p53=true", "NR-AR=|SR p53=no"];
  assert.ok(areColumns(classes));
  const answers = answersOf("multi-label", classes);
  assert.deepEqual(answers.outputs, names);
  const truths = [Float32Array.of(1, Number.NaN), Float32Array.of(0, 1), Float32Array.of(Number.NaN, 0)];
  assert.deepEqual(truthsOf(answers, classes), truths);
  // Also one by one, as training reads them.
  assert.deepEqual(truthsOf(answers, classes.slice(1, 2)), truths.slice(1, 2));
  assert.deepEqual(truthReader(answers, classes)(1), truths[1]);
  const values = ["gap=0,5|E=-1", "gap=|E=2.25"];
  const numbers = answersOf("regression", values);
  assert.deepEqual(truthsOf(numbers, values), [Float32Array.of(0.5, -1), Float32Array.of(Number.NaN, 2.25)]);
  assert.throws(
    () => answersOf("multi-label", values),
    /the label column "gap" has "0,5"; several label columns hold 0 and 1/,
  );
  assert.throws(
    () => answersOf("regression", ["a=1|b=high"]),
    /the label column "b" has "high", which is not a number/,
  );
  assert.throws(() => answersOf("classification", classes), /labels in several columns .* are for --task multi-label/);
  // Other labels are what they were.
  assert.ok(!areColumns(["cat|indoor", "dog"]) && !areColumns(["a=1", "a=2"]));
});
