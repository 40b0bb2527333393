import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/index.ts";
import type { Answers } from "../../../src/data/index.ts";
import { measuresOf } from "../../../src/evaluation/scores/measures.ts";
import { forest } from "../../../src/evaluation/vectors/forest.ts";
import { growTree } from "../../../src/evaluation/vectors/tree.ts";

/** Rows of which the target is of two columns together, and of neither alone; others are noise. */
function together(rows: number, dim: number, seed: number, target: (x: Float32Array) => readonly number[]) {
  const rng = new Rng(seed);
  const data = rng.normals([rows, dim]).data as Float32Array;
  const truth = Float32Array.from(
    Array.from({ length: rows }, (_, row) => target(data.subarray(row * dim, (row + 1) * dim))).flat(),
  );
  return { data, dim, rows, truth };
}

const classes: Answers = { task: "classification", outputs: ["no", "yes"] };

test("what no linear model tells, a forest tells: the sign of a product, and steps of a value", async () => {
  const sign = (x: Float32Array) => [Number(x[0]! * x[1]! < 0), Number(x[0]! * x[1]! >= 0)];
  const [train, queries] = [together(600, 5, 1, sign), together(300, 5, 2, sign)];
  const outputs = await forest(classes, train, queries, { seed: 0, trees: 100 });
  const { named } = measuresOf(classes, outputs, queries.truth);
  assert.ok(named.accuracy! > 0.9 && named.rocAuc! > 0.95, JSON.stringify(named));
  assert.deepEqual(await forest(classes, train, queries, { seed: 0, trees: 100 }), outputs);
  assert.notDeepEqual(await forest(classes, train, queries, { seed: 1, trees: 100 }), outputs);

  const steps = (x: Float32Array) => [x[0]! > 0.5 ? 3 : x[2]! > 0 ? -1 : 1];
  const values: Answers = { task: "regression", outputs: ["value"] };
  const [bank, asked] = [together(500, 4, 3, steps), together(300, 4, 4, steps)];
  const measures = measuresOf(values, await forest(values, bank, asked, { seed: 0, trees: 60 }), asked.truth);
  assert.ok(measures.named.r2! > 0.95, JSON.stringify(measures.named));
});

test("of several labels each forest has the rows where it was measured", async () => {
  const answers: Answers = { task: "multi-label", outputs: ["a", "b"] };
  const both = (x: Float32Array) => [Number(x[0]! > 0), Number(x[1]! > 0)];
  const [train, queries] = [together(300, 3, 5, both), together(200, 3, 6, both)];
  // Where b was not measured, its column says the opposite of the truth.
  const gaps = {
    ...train,
    truth: train.truth.map((value, at) => (at % 2 === 1 && train.data[(at >> 1) * 3]! < 0 ? Number.NaN : value)),
  };
  const { named, each } = measuresOf(
    answers,
    await forest(answers, gaps, queries, { seed: 0, trees: 50 }),
    queries.truth,
  );
  assert.ok(named.meanRocAuc! > 0.97, JSON.stringify(each));
});

test("a tree splits where the squared error falls most: by hand", () => {
  // Values 0 0 0 10 10 10 by the first column, which the second does not tell; every row is drawn by an Rng that counts.
  let next = 0;
  const counting = { integer: (low: number, high: number) => low + (next++ % (high - low + 1)) } as unknown as Rng;
  const bins = Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 1, 1, 1);
  const tree = growTree({
    ...{ bins, rows: 10, dim: 1, rng: counting, drawn: Int32Array.from({ length: 10 }, (_, row) => row) },
    targets: { values: Float32Array.of(0, 1, 0, 1, 0, 10, 11, 10, 11, 10) },
  });
  assert.ok(Math.abs(tree.leafOf(Uint8Array.of(0), 0)[0]! - 0.4) < 1e-12);
  assert.ok(Math.abs(tree.leafOf(Uint8Array.of(1), 0)[0]! - 10.4) < 1e-12);
});
