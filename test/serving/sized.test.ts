import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { float32 } from "../../src/array/index.ts";
import { batchSizes, sized } from "../../src/serving/sized.ts";

const sample = (value: number) => ({ pixels: float32(Float32Array.of(value), [1]) });

test("rows go through the smallest program that holds them, and come back in order", async () => {
  const calls: [size: number, rows: number][] = [];
  const disposed: number[] = [];
  const { run, dispose } = await sized(20, sample(0), async (size) => ({
    async run(rows) {
      calls.push([size, rows.length]);
      return Float32Array.from(rows.flatMap(({ pixels }) => [pixels!.data[0]!, -pixels!.data[0]!]));
    },
    dispose: async () => void disposed.push(size),
  }));
  assert.deepEqual(calls.splice(0), [
    [1, 1],
    [8, 1],
    [20, 1],
  ]);
  for (const [count, size] of [
    [1, 1],
    [2, 8],
    [8, 8],
    [9, 20],
    [20, 20],
  ] as const) {
    const vectors = await run(Array.from({ length: count }, (_, at) => sample(at)));
    assert.deepEqual(
      vectors.map((vector) => [...vector]),
      Array.from({ length: count }, (_, at) => [at, -at]),
    );
    assert.deepEqual(calls.pop(), [size, count]);
  }
  await assert.rejects(run(Array.from({ length: 21 }, () => sample(0))), /a batch of 21 rows; the largest is 20/);
  await dispose();
  assert.deepEqual(disposed, [1, 8, 20]);
});

test("when one program cannot be made, those before it are disposed of", async () => {
  const disposed: number[] = [];
  await assert.rejects(
    sized(8, sample(0), async (size) => {
      if (size === 8) throw new Error("out of memory");
      return { run: async () => new Float32Array(1), dispose: async () => void disposed.push(size) };
    }),
    /out of memory/,
  );
  assert.deepEqual(disposed, [1]);
});

test("sizes rise to the largest, each at most eight times the one before", () =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (largest) => {
      const sizes = batchSizes(largest);
      assert.equal(sizes[0], 1);
      assert.equal(sizes.at(-1), largest);
      for (const [at, size] of sizes.slice(1).entries()) assert.ok(size > sizes[at]! && size <= 8 * sizes[at]!);
    }),
  ));
