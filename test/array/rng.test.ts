import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rng } from "../../src/array/index.ts";

const take = (rng: Rng, count = 8) => Array.from({ length: count }, () => rng.uniform());

test("the same seed and purpose give the same numbers, regardless of earlier draws", () => {
  fc.assert(
    fc.property(fc.integer(), fc.string(), fc.nat(), (seed, purpose, index) => {
      const root = new Rng(seed);
      const early = take(root.split(purpose, index));
      take(root, 5);
      assert.deepEqual(take(root.split(purpose, index)), early);
      assert.deepEqual(take(new Rng(seed).split(purpose, index)), early);
    }),
  );
});

test("different seeds and purposes give different numbers", () => {
  const root = new Rng(1);
  const streams = [
    new Rng(2),
    root,
    root.split("a"),
    root.split("b"),
    root.split("a", 0),
    root.split("a", 1),
    root.split(0),
  ];
  const first = streams.map((stream) => take(stream).join());
  assert.equal(new Set(first).size, streams.length);
});

test("nearby indices are unrelated: their first draws are uniform", () => {
  const root = new Rng(7);
  const bins = new Float64Array(10);
  const draws = 20_000;
  for (let index = 0; index < draws; index++) bins[Math.floor(root.split("views", index).uniform() * 10)]! += 1;
  const expected = draws / 10;
  const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  assert.ok(chiSquare < 27.9, `χ² of ${chiSquare} on 9 degrees of freedom (0.1 % level 27.9)`);
});

test("moments of the distributions", () => {
  const rng = new Rng(3);
  const count = 40_000;
  const normals = Array.from({ length: count }, () => rng.normal(2, 3));
  const mean = normals.reduce((a, b) => a + b) / count;
  const deviation = Math.sqrt(normals.reduce((a, b) => a + (b - mean) ** 2, 0) / count);
  assert.ok(Math.abs(mean - 2) < 0.06 && Math.abs(deviation - 3) < 0.05, `mean ${mean}, deviation ${deviation}`);
  const truncated = rng.truncatedNormal([10_000], 0.02).data;
  assert.ok(truncated.every((value) => Math.abs(value) <= 0.04));
  const integers = new Set(Array.from({ length: 500 }, () => rng.integer(-1, 2)));
  assert.deepEqual(
    [...integers].sort((a, b) => a - b),
    [-1, 0, 1, 2],
  );
});

test("a permutation holds every index once, and every order occurs", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 200 }), (seed, count) => {
      const order = [...new Rng(seed).permutation(count)].sort((a, b) => a - b);
      assert.deepEqual(
        order,
        Array.from({ length: count }, (_, index) => index),
      );
    }),
  );
  const orders = new Set(Array.from({ length: 200 }, (_, seed) => new Rng(seed).permutation(3).join()));
  assert.equal(orders.size, 6);
});
