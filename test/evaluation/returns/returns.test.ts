import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { bootstrap } from "../../../src/evaluation/returns/bootstrap.ts";
import { probabilityOfImprovement } from "../../../src/evaluation/returns/improvement.ts";
import { interquartileMean } from "../../../src/evaluation/returns/interquartile-mean.ts";
import { improvementSummary, returnsSummary } from "../../../src/evaluation/returns/summary.ts";

interface Expected {
  readonly first: number[][];
  readonly second: number[][];
  readonly ten: number[];
  readonly iqm: { readonly first: number; readonly ten: number; readonly three: number };
  readonly improvement: number;
  readonly iqmInterval: [number, number];
  readonly improvementInterval: [number, number];
}
const file = new URL("../../fixtures/returns/returns.json", import.meta.url);
const expected: Expected = JSON.parse(await readFile(file, "utf8"));

const assertClose = (actual: number, wanted: number, within = 1e-12) =>
  assert.ok(Math.abs(actual - wanted) <= within, `${actual} is not ${wanted}`);

test("the interquartile mean is NumPy's, and does not change what it is given", () => {
  assertClose(interquartileMean(expected.ten), expected.iqm.ten);
  assertClose(interquartileMean(expected.first.flat()), expected.iqm.first);
  assertClose(interquartileMean(expected.second[0]!), expected.iqm.three);
  const scores = [40, 1, 2, 3];
  assert.equal(interquartileMean(scores), 2.5);
  assert.deepEqual(scores, [40, 1, 2, 3]);
  assert.throws(() => interquartileMean([]), /no scores/);
});

test("the interval of the interquartile mean is that of all 65,536 resamples", () => {
  const { value, low, high } = returnsSummary(expected.first);
  assertClose(value, expected.iqm.first);
  // The spread is about 3; 50,000 draws leave an error of about a hundredth of it.
  assertClose(low, expected.iqmInterval[0], 0.05);
  assertClose(high, expected.iqmInterval[1], 0.05);
  assert.deepEqual(returnsSummary(expected.first), { value, low, high }, "the same seed draws the same");
  const other = returnsSummary(expected.first, { seed: 1, resamples: 500 });
  assert.notEqual(other.low, low);
});

test("a task's scores are drawn from that task's alone", () => {
  const seen = new Set<number>();
  bootstrap(
    [
      [1, 2],
      [30, 40, 50],
    ],
    (scores) => {
      assert.deepEqual(
        scores.map(({ length }) => length),
        [2, 3],
      );
      for (const score of Array.from(scores[0]!)) assert.ok(score <= 2);
      for (const score of Array.from(scores[1]!)) assert.ok(score >= 30);
      for (const values of scores) for (const score of Array.from(values)) seen.add(score);
      return 0;
    },
    { resamples: 200 },
  );
  assert.equal(seen.size, 5);
  // More of the resamples are within a wider interval, and one score has one resample.
  const [half, most] = [0.5, 0.99].map((level) => returnsSummary([expected.ten], { level, resamples: 2000 }));
  assert.ok(most!.low < half!.low && half!.high < most!.high);
  assert.deepEqual(returnsSummary([[7]], { resamples: 10 }), { value: 7, low: 7, high: 7 });
});

test("the probability of improvement counts pairs, ties half", () => {
  assertClose(probabilityOfImprovement(expected.first, expected.second), expected.improvement);
  assert.equal(probabilityOfImprovement([[3, 4, 5]], [[1, 2, 4]]), 7.5 / 9);
  const there = probabilityOfImprovement(expected.first, expected.second);
  assertClose(there + probabilityOfImprovement(expected.second, expected.first), 1);
  const { low, high } = improvementSummary([expected.first[0]!], [expected.second[0]!]);
  assertClose(low, expected.improvementInterval[0], 1e-9);
  assertClose(high, expected.improvementInterval[1], 1e-9);
  assert.throws(() => probabilityOfImprovement([[1]], [[1], [2]]), /1 tasks, and of 2/);
});

test("scores that are none are refused", () => {
  assert.throws(() => returnsSummary([]), /no task/);
  assert.throws(() => returnsSummary([[1], []]), /task 1 has no score/);
  assert.throws(() => returnsSummary([[1], [2, Number.NaN]]), /seed 1 on task 1 is NaN/);
});
