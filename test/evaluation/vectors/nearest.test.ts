import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/index.ts";
import { bankOf, nearestOthers } from "../../../src/evaluation/vectors/nearest.ts";

const [rows, dim, count] = [600, 8, 5];
const data = new Rng(1).normals([rows, dim]).data as Float32Array;

/** Cosine in float64. */
function cosine(one: number, other: number): number {
  let [dot, a, b] = [0, 0, 0];
  for (let i = 0; i < dim; i++) {
    dot += data[one * dim + i]! * data[other * dim + i]!;
    a += data[one * dim + i]! ** 2;
    b += data[other * dim + i]! ** 2;
  }
  return dot / Math.sqrt(a * b);
}

test("each row's nearest others match float64, without itself", () => {
  const found = nearestOthers(bankOf(data, dim), data, dim, count);
  for (let row = 0; row < rows; row++) {
    const others = Array.from({ length: rows }, (_, other) => other).filter((other) => other !== row);
    const expected = others.sort((a, b) => cosine(row, b) - cosine(row, a)).slice(0, count);
    assert.deepEqual([...found.rows.subarray(row * count, (row + 1) * count)], expected);
    for (const [rank, other] of expected.entries())
      assert.ok(Math.abs(found.similarities[row * count + rank]! - cosine(row, other)) < 1e-6);
  }
});

test("the approximate index finds nearly all of them", () => {
  const exact = nearestOthers(bankOf(data, dim), data, dim, count);
  const index = nearestOthers(bankOf(data, dim, 100), data, dim, count);
  let same = 0;
  for (let row = 0; row < rows; row++) {
    const own = exact.rows.subarray(row * count, (row + 1) * count);
    same += own.filter((other) => index.rows.subarray(row * count, (row + 1) * count).includes(other)).length;
  }
  assert.ok(same > 0.95 * rows * count, `${same} of ${rows * count}`);
});

test("copies and rows of zeros do no harm", () => {
  const copies = Float32Array.of(1, 0, 1, 0, 1, 0, 2, 0, 0, 0);
  const { rows: found, similarities } = nearestOthers(bankOf(copies, 2), copies, 2, 2);
  for (let row = 0; row < 4; row++) {
    assert.ok(!found.subarray(2 * row, 2 * row + 2).includes(row));
    assert.deepEqual([...similarities.subarray(2 * row, 2 * row + 2)], [1, 1]);
  }
  assert.deepEqual([...similarities.subarray(8)], [0, 0]);
});
