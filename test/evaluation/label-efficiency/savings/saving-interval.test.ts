import assert from "node:assert/strict";
import { test } from "node:test";
import type { CellResult, Contender } from "../../../../src/evaluation/label-efficiency/label-cells.ts";
import { savingInterval } from "../../../../src/evaluation/label-efficiency/savings/saving-interval.ts";

/** A training for each score, one a draw. */
const cellsOf = (contender: Contender, labels: number, scores: readonly number[]): CellResult[] =>
  scores.map((score, draw) => ({ contender, labels, draw, score, answers: [], seconds: 1 }));

const near = (value: number | undefined, expected: number) =>
  assert.ok(Math.abs((value ?? Number.NaN) - expected) < 1e-9, `${value}, not ${expected}`);

test("of two draws the interval is from the factor of the one twice to that of the other twice", () => {
  // From scratch rises by 0.4 in a decade: 0.5 is a quarter of the way, 0.6 half of it. Each draw twice is a quarter of all resamples.
  const cells = [
    ...cellsOf("probe", 10, [0.5, 0.6]),
    ...cellsOf("scratch", 10, [0.4, 0.4]),
    ...cellsOf("scratch", 100, [0.8, 0.8]),
  ];
  const interval = savingInterval(cells, 10);
  near(interval?.low, 10 ** 0.25);
  near(interval?.high, 10 ** 0.5);
  assert.deepEqual([interval?.draws, interval?.isAtMost, interval?.isAtLeast], [2, false, false]);
});

test("a draw is drawn with all of its trainings, since they had the same labels", () => {
  // In each draw pretrained is just as good as from scratch with ten times the labels, however good both are.
  const cells = [
    ...cellsOf("fine-tuned", 10, [0.3, 0.5, 0.7]),
    ...cellsOf("probe", 10, [0.1, 0.1, 0.1]),
    ...cellsOf("scratch", 10, [0.1, 0.2, 0.3]),
    ...cellsOf("scratch", 100, [0.3, 0.5, 0.7]),
  ];
  const interval = savingInterval(cells, 10);
  near(interval?.low, 10);
  near(interval?.high, 10);
  // Ten times are also the most that were tried.
  assert.equal(interval?.isAtLeast, true);
});

test("an end outside of the numbers of labels that were tried is a bound", () => {
  const cells = [
    ...cellsOf("probe", 10, [0.2, 0.9]),
    ...cellsOf("scratch", 10, [0.4, 0.4]),
    ...cellsOf("scratch", 100, [0.8, 0.8]),
  ];
  assert.deepEqual(savingInterval(cells, 10), { low: 1, high: 10, isAtMost: true, isAtLeast: true, draws: 2 });
});

test("draws that not all trainings had are left out, and of one draw there is no interval", () => {
  const whole = [
    ...cellsOf("probe", 10, [0.5, 0.6, 0.9]),
    ...cellsOf("scratch", 10, [0.4, 0.4]),
    ...cellsOf("scratch", 100, [0.8, 0.8, 0.8]),
    ...cellsOf("untrained", 10, [0.1]),
  ];
  assert.equal(savingInterval(whole, 10)?.draws, 2);
  near(savingInterval(whole, 10)?.high, 10 ** 0.5);
  const single = whole.filter(({ draw }) => draw === 0);
  assert.equal(savingInterval(single, 10), undefined);
  assert.equal(savingInterval(cellsOf("probe", 10, [0.5, 0.6]), 10), undefined);
});
