import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  bestOf,
  type Curve,
  curveOf,
  labelsSaved,
  labelsToReach,
  overlap,
  savings,
} from "../../../../src/evaluation/label-efficiency/savings/label-curves.ts";

const curve = (...points: readonly (readonly [labels: number, mean: number])[]): Curve =>
  points.map(([labels, mean]) => ({ labels, mean, deviation: 0, draws: 3 }));

const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value - expected) < 1e-9 * Math.max(1, Math.abs(expected)), `${value}, not ${expected}`);

test("a curve is mean and sample deviation at each number of labels, fewest first", () => {
  const results = [
    { labels: 100, score: 0.7 },
    { labels: 10, score: 0.2 },
    { labels: 10, score: 0.4 },
    { labels: 10, score: 0.6 },
  ];
  const [few, many, ...none] = curveOf(results);
  assert.equal(none.length, 0);
  assert.deepEqual([few?.labels, few?.draws, many?.labels, many?.draws], [10, 3, 100, 1]);
  near(few?.mean ?? 0, 0.4);
  near(few?.deviation ?? 0, 0.2);
  assert.deepEqual([many?.mean, many?.deviation], [0.7, 0]);
});

test("between two numbers of labels a curve is straight over their logarithm", () => {
  const scratch = curve([10, 0.2], [100, 0.4], [1000, 0.8]);
  // Half of the way from 0.2 to 0.4 is half a decade: 10 · √10.
  const half = labelsToReach(scratch, 0.3);
  assert.equal(half.kind, "exactly");
  near(half.labels, 31.622776601683793);
  // A quarter of the way from 0.4 to 0.8.
  near(labelsToReach(scratch, 0.5).labels, 177.82794100389228);
  near(labelsToReach(scratch, 0.4).labels, 100);
  assert.deepEqual(labelsToReach(scratch, 0.8), { kind: "exactly", labels: 1000 });
  assert.deepEqual(labelsToReach(scratch, 0.2), { kind: "exactly", labels: 10 });
  assert.deepEqual(labelsToReach(scratch, 0.1), { kind: "at most", labels: 10 });
  assert.deepEqual(labelsToReach(scratch, 0.81), { kind: "more than", labels: 1000 });
});

test("where a curve falls on its way, what counts is where it first gets there", () => {
  const dipping = curve([10, 0.2], [100, 0.6], [1000, 0.4], [10_000, 0.8]);
  near(labelsToReach(dipping, 0.5).labels, 10 * 10 ** 0.75);
  near(labelsToReach(dipping, 0.7).labels, 1000 * 10 ** 0.75);
});

test("labels saved: read off at the fewest labels where that can be done", () => {
  const scratch = curve([10, 0.2], [100, 0.4], [1000, 0.8]);
  // 0.3 with 10 labels, for which the other needs 31.6; 0.6 with 100, for which it needs 316; 0.9 is out of its reach.
  const all = savings(curve([10, 0.3], [100, 0.6], [1000, 0.9]), scratch);
  assert.deepEqual(
    all.map(({ kind }) => kind),
    ["exactly", "exactly", "more than"],
  );
  near(labelsSaved(all)?.factor ?? 0, 3.1622776601683795);
  assert.equal(labelsSaved(all)?.labels, 10);
  assert.equal(all[2]?.factor, 1);
});

test("labels saved: a bound where no number is to be had, below 1 where none are saved, nothing without scratch", () => {
  const scratch = curve([10, 0.2], [100, 0.3], [1000, 0.4]);
  const never = labelsSaved(savings(curve([10, 0.5], [100, 0.6], [1000, 0.7]), scratch));
  assert.deepEqual([never?.kind, never?.needed, never?.factor], ["more than", 1000, 100]);
  const always = labelsSaved(savings(curve([10, 0.1], [100, 0.1], [1000, 0.15]), scratch));
  assert.deepEqual([always?.kind, always?.labels, always?.factor], ["at most", 10, 1]);
  // Worse with few labels, better with many: the one place to read it off is at 1000, which scratch gets to with 316.
  const late = labelsSaved(savings(curve([10, 0.1], [100, 0.15], [1000, 0.35]), scratch));
  assert.deepEqual([late?.kind, late?.labels], ["exactly", 1000]);
  near(late?.factor ?? 0, 0.31622776601683794);
  assert.equal(labelsSaved(savings(curve([10, 0.5]), [])), undefined);
});

const curves = fc
  .uniqueArray(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 6 })
  .chain((counts) =>
    fc
      .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: counts.length, maxLength: counts.length })
      .map((means) => curve(...counts.sort((a, b) => a - b).map((labels, at) => [labels, means[at]!] as const))),
  );
const share = fc.double({ min: 0, max: 1, noNaN: true });

test("more accuracy never takes fewer labels, and a better curve never takes more", () => {
  const order = { "at most": 0, exactly: 1, "more than": 2 };
  fc.assert(
    fc.property(curves, share, share, fc.double({ min: 0, max: 0.5, noNaN: true }), (scratch, one, two, better) => {
      const [low, high] = [Math.min(one, two), Math.max(one, two)];
      const [easy, hard] = [labelsToReach(scratch, low), labelsToReach(scratch, high)];
      assert.ok(easy.labels <= hard.labels * (1 + 1e-9));
      assert.ok(order[easy.kind] <= order[hard.kind]);
      const lifted = scratch.map((point) => ({ ...point, mean: point.mean + better }));
      const sooner = labelsToReach(lifted, high);
      assert.ok(order[sooner.kind] <= order[hard.kind]);
      if (sooner.kind === hard.kind) assert.ok(sooner.labels <= hard.labels * (1 + 1e-9));
    }),
  );
});

test("the best of curves is the highest at each number of labels, and bands overlap where they touch", () => {
  const best = bestOf([curve([10, 0.2], [100, 0.5]), curve([10, 0.3], [1000, 0.6])]);
  assert.deepEqual(
    best.map(({ labels, mean }) => [labels, mean]),
    [
      [10, 0.3],
      [100, 0.5],
      [1000, 0.6],
    ],
  );
  const at = (mean: number, deviation: number) => ({ labels: 1, mean, deviation, draws: 3 });
  assert.ok(overlap(at(0.5, 0.125), at(0.75, 0.125)));
  assert.ok(!overlap(at(0.5, 0.125), at(0.75, 0.0625)));
});
