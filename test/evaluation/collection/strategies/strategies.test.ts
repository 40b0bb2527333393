import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rng } from "../../../../src/array/index.ts";
import { kCenter } from "../../../../src/evaluation/collection/strategies/k-center.ts";
import { margin } from "../../../../src/evaluation/collection/strategies/margin.ts";
import { random } from "../../../../src/evaluation/collection/strategies/random.ts";
import type { Candidates, Strategy } from "../../../../src/evaluation/collection/strategies/strategy.ts";
import { typicality } from "../../../../src/evaluation/collection/strategies/typicality.ts";
import { unitRows } from "../../../../src/evaluation/vectors/normalize.ts";

const strategies: Record<string, Strategy> = { typicality, kCenter, random };

/** Vectors at unit length, the first of them labelled; small whole numbers, so that there are doubles. */
const candidates = fc
  .record({
    rows: fc.integer({ min: 2, max: 40 }),
    seed: fc.nat(),
    share: fc.double({ min: 0, max: 0.6, noNaN: true }),
  })
  .map(({ rows, seed, share }): Candidates => {
    const rng = new Rng(seed);
    const data = Float32Array.from({ length: rows * 3 }, () => rng.integer(-2, 2));
    const labelled = Int32Array.from({ length: Math.floor(rows * share) }, (_, row) => row);
    return { units: unitRows(data, rows, 3), rows, dim: 3, labelled };
  });

for (const [name, choose] of Object.entries(strategies))
  test(`${name}: as many as the budget, none twice, none labelled, and deterministic by seed`, () => {
    fc.assert(
      fc.property(candidates, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (pool, share, seed) => {
        const budget = Math.max(1, Math.floor((pool.rows - pool.labelled.length) * share));
        const choices = choose(pool, budget, new Rng(seed));
        const rows = choices.map(({ row }) => row);
        assert.equal(new Set(rows).size, budget);
        for (const row of rows) assert.ok(row >= pool.labelled.length && row < pool.rows);
        assert.deepEqual(choose(pool, budget, new Rng(seed)), choices);
      }),
    );
  });

/** Distance of every row from the nearest of the chosen or labelled; the largest of them. */
function radius({ units, rows, dim, labelled }: Candidates, chosen: readonly number[]): number {
  const distance = (a: number, b: number) =>
    Math.hypot(...Array.from({ length: dim }, (_, i) => units[a * dim + i]! - units[b * dim + i]!));
  const nearest = Array.from({ length: rows }, (_, row) =>
    Math.min(...[...labelled, ...chosen].map((center) => distance(row, center))),
  );
  return Math.max(...nearest);
}

test("k-centre: a score is the covering radius before the choice, and never grows", () => {
  fc.assert(
    fc.property(candidates, fc.nat(), (pool, seed) => {
      const choices = kCenter(pool, pool.rows - pool.labelled.length, new Rng(seed));
      const rows = choices.map(({ row }) => row);
      const scored = choices.flatMap(({ score }, at) => (score === undefined ? [] : [{ score, at }]));
      for (const { score, at } of scored) assert.ok(Math.abs(score - radius(pool, rows.slice(0, at))) < 1e-6);
      scored.slice(1).forEach(({ score }, at) => {
        assert.ok(score <= scored[at]!.score);
      });
    }),
  );
});

test("k-centre: at most twice the radius of the best choice there is", () => {
  for (let seed = 0; seed < 30; seed++) {
    const units = unitRows(new Rng(seed).normals([9, 3]).data as Float32Array, 9, 3);
    const pool = { units, rows: 9, dim: 3, labelled: new Int32Array() };
    const rows = kCenter(pool, 3, new Rng(seed)).map(({ row }) => row);
    let best = Number.POSITIVE_INFINITY;
    for (let a = 0; a < 9; a++)
      for (let b = 0; b < a; b++) for (let c = 0; c < b; c++) best = Math.min(best, radius(pool, [a, b, c]));
    assert.ok(radius(pool, rows) <= 2 * best + 1e-6);
  }
});

/** Directions of heaps with `sizes` members each, tight around the axes; the first member of each is the middle. */
function heaps(sizes: readonly number[], labelled: Int32Array = new Int32Array()): Candidates {
  const rng = new Rng(7);
  const dim = sizes.length;
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  const data = new Float32Array(rows * dim);
  let row = 0;
  for (const [axis, size] of sizes.entries())
    for (let member = 0; member < size; member++, row++)
      for (let i = 0; i < dim; i++)
        data[row * dim + i] = (i === axis ? 1 : 0) + (member === 0 ? 0 : rng.normal(0, 0.1));
  return { units: unitRows(data, rows, dim), rows, dim, labelled };
}

test("typicality: one from each heap, the largest first, from the middle of its heap", () => {
  const pool = heaps([40, 60, 50]);
  const choices = typicality(pool, 3, new Rng(0));
  const heap = (row: number) => (row < 40 ? 0 : row < 100 ? 1 : 2);
  assert.deepEqual(
    choices.map(({ row }) => heap(row)),
    [1, 2, 0],
  );
  assert.match(choices[0]!.reason, /most typical of a cluster of 60, none of them labelled/);
  // In float64: 1 over the mean squared distance to the 20 nearest of the heap.
  const scoreOf = (row: number, first: number, size: number) => {
    const squares = Array.from({ length: size }, (_, member) => first + member)
      .filter((other) => other !== row)
      .map((other) =>
        [0, 1, 2].reduce((sum, i) => sum + (pool.units[row * 3 + i]! - pool.units[other * 3 + i]!) ** 2, 0),
      )
      .sort((a, b) => a - b)
      .slice(0, 20);
    return 1 / (squares.reduce((sum, square) => sum + square, 0) / 20 + 1e-5);
  };
  const scores = Array.from({ length: 60 }, (_, member) => scoreOf(40 + member, 40, 60));
  const best = Math.max(...scores);
  assert.equal(choices[0]!.row, 40 + scores.indexOf(best));
  assert.ok(Math.abs(choices[0]!.score! / best - 1) < 1e-3, `${choices[0]!.score}, not ${best}`);
});

test("typicality: a heap with a label waits until those without have been used", () => {
  const choices = typicality(heaps([30, 30, 30], Int32Array.of(30)), 2, new Rng(1));
  assert.deepEqual(choices.map(({ row }) => Math.floor(row / 30)).sort(), [0, 2]);
  for (const { reason } of choices) assert.match(reason, /none of them labelled/);
});

test("margin: the smallest difference of the two most probable first, among unlabelled samples", () => {
  // Differences 0.2, 0.0625 (classes b and c), 0.9, 0 and, labelled, 0.
  const probabilities = Float32Array.of(0.5, 0.3, 0.2, 0.0625, 0.5, 0.4375, 0.95, 0.05, 0, 0.5, 0.5, 0, 0, 0.5, 0.5);
  const choices = margin(probabilities, ["a", "b", "c"], Int32Array.of(0, 1, 2, 3), 3);
  assert.deepEqual(
    choices.map(({ row }) => row),
    [3, 1, 0],
  );
  assert.deepEqual(choices[1], { row: 1, score: 0.0625, reason: "b (0.50) or c (0.44)" });
});
