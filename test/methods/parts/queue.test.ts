import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Array, float32, Rng } from "../../../src/array/index.ts";
import { enqueue, nearestIn, randomQueue } from "../../../src/methods/parts/queue.ts";
import { evaluateOne } from "../../fixtures/torch/reference.ts";

test("a queue is a ring: after any batches it holds the newest rows, the oldest have left", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 4 }),
      async (size, batch, batches) => {
        // Row r of batch b is the number 100 b + r; the queue starts with −1, −2, …
        const numbered = (count: number, of: (row: number) => number) =>
          float32(
            globalThis.Array.from({ length: count }, (_, row) => of(row)),
            [count, 1],
          );
        const start = numbered(size, (row) => -1 - row);
        const coming = globalThis.Array.from({ length: batches }, (_, b) => numbered(batch, (row) => 100 * b + row));
        const queue = await evaluateOne(
          (first: Array, rows: readonly Array[]) => rows.reduce((held, next) => enqueue(held, next), first),
          [start, coming] as const,
          "cpu",
        );
        let expected = [...start.data];
        for (const { data } of coming) expected = [...data, ...expected].slice(0, size);
        assert.deepEqual([...queue.data], expected);
      },
    ),
    { numRuns: 12 },
  );
});

test("a queue starts with random unit rows, the same by seed", () => {
  const queue = randomQueue(new Rng(1), 50, 8);
  assert.deepEqual(queue, randomQueue(new Rng(1), 50, 8));
  assert.notDeepEqual(queue, randomQueue(new Rng(2), 50, 8));
  for (let row = 0; row < 50; row++)
    assert.ok(Math.abs(Math.hypot(...queue.data.slice(8 * row, 8 * row + 8)) - 1) < 1e-6);
  assert.ok(Math.abs([...queue.data].reduce((sum, value) => sum + value, 0)) < 40);
});

test("the nearest row of a queue is the one at the smallest angle", async () => {
  const queue = float32([1, 0, 0, 1, -1, 0, 0.6, 0.8], [4, 2]);
  const rows = float32([0.8, 0.6, -0.8, 0.6, 0, 1], [3, 2]);
  for (const device of ["cpu", "wasm"] as const) {
    const nearest = await evaluateOne((q: Array, z: Array) => nearestIn(q, z), [queue, rows] as const, device);
    assert.deepEqual([...nearest.data], [...float32([0.6, 0.8, -1, 0, 0, 1], [3, 2]).data]);
  }
});
