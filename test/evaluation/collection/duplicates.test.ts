import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rng } from "../../../src/array/index.ts";
import { findGroups } from "../../../src/evaluation/collection/duplicates.ts";
import { unitRows } from "../../../src/evaluation/vectors/normalize.ts";

const dim = 16;

test("planted copies of any norm are found, and nothing else", () => {
  const planted = fc.record({ seed: fc.nat(), copies: fc.uniqueArray(fc.nat(59), { minLength: 0, maxLength: 8 }) });
  fc.assert(
    fc.property(planted, ({ seed, copies }) => {
      const rng = new Rng(seed);
      const data = new Float32Array((60 + copies.length) * dim);
      data.set(rng.normals([60, dim]).data);
      copies.forEach((row, at) => {
        const scale = rng.uniform(0.1, 10);
        for (let i = 0; i < dim; i++) data[(60 + at) * dim + i] = scale * data[row * dim + i]!;
      });
      // Of 60 random directions in 16 dimensions no two have a cosine near 0.999.
      const { groups, nearest } = findGroups(data, dim, { threshold: 0.999, neighbours: 3 });
      const expected = copies.map((row, at) => [row, 60 + at]).sort((a, b) => a[0]! - b[0]!);
      assert.deepEqual(groups, expected);
      for (const row of copies) assert.ok(nearest[row]! > 1 - 1e-6);
    }),
    { numRuns: 30 },
  );
});

test("groups equal those of comparing all pairs, also with more near-duplicates than requested neighbours", () => {
  for (const threshold of [0.3, 0.6, 0.9]) {
    const rows = 80;
    const data = new Rng(2).normals([rows, 4]).data as Float32Array;
    const units = unitRows(data, rows, 4);
    const group = Array.from({ length: rows }, (_, row) => row);
    for (let a = 0; a < rows; a++)
      for (let b = 0; b < a; b++) {
        const cosine = [0, 1, 2, 3].reduce((sum, i) => sum + units[a * 4 + i]! * units[b * 4 + i]!, 0);
        const [from, to] = [group[a]!, group[b]!];
        if (cosine >= threshold && from !== to)
          for (let row = 0; row < rows; row++) if (group[row] === from) group[row] = to;
      }
    const expected = [...new Set(group)].map((name) => [...group.keys()].filter((row) => group[row] === name));
    const several = expected.filter(({ length }) => length > 1);
    const { groups } = findGroups(data, 4, { threshold, neighbours: 2 });
    assert.deepEqual(
      groups,
      several.sort((a, b) => b.length - a.length || a[0]! - b[0]!),
    );
  }
});

test("two nearby heaps, each with more copies than requested neighbours, are one group", () => {
  const data = Float32Array.from({ length: 80 }, (_, at) => (at % 2 === 0 ? 1 : at < 40 ? 0 : 0.1));
  const { groups } = findGroups(data, 2, { threshold: 0.98, neighbours: 5 });
  assert.deepEqual(groups, [Array.from({ length: 40 }, (_, row) => row)]);
});

test("the sample far from all has the largest distance", () => {
  const rng = new Rng(4);
  const data = Float32Array.from({ length: 50 * dim }, (_, at) => (at % dim === 0 ? 1 : 0) + rng.normal(0, 0.1));
  for (let i = 0; i < dim; i++) data[17 * dim + i] = i === 5 ? 1 : 0;
  const { farthest } = findGroups(data, dim, { threshold: 0.999, neighbours: 4 });
  assert.equal(farthest.indexOf(Math.min(...farthest)), 17);
});
