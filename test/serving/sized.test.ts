import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { float32 } from "../../src/array/index.ts";
import { batchSizes, cutInto, sized } from "../../src/serving/sized.ts";

const sample = (value: number) => ({ pixels: float32(Float32Array.of(value), [1]) });

test("rows are split among programs of several sizes, and results are in order", async () => {
  const calls: [size: number, rows: number][] = [];
  const disposed: number[] = [];
  const { run, dispose } = await sized(20, sample(0), async (size) => ({
    async run(rows) {
      calls.push([size, rows.length]);
      return Float32Array.from(rows.flatMap(({ pixels }) => [pixels!.data[0]!, -pixels!.data[0]!]));
    },
    dispose: async () => void disposed.push(size),
  }));
  const sizes = [1, 2, 4, 8, 16, 20];
  assert.deepEqual(
    calls.splice(0),
    sizes.map((size) => [size, 1]),
  );
  const cases: [count: number, calls: [size: number, rows: number][]][] = [
    [1, [[1, 1]]],
    [3, [[4, 3]]],
    [
      5,
      [
        [4, 4],
        [1, 1],
      ],
    ],
    [6, [[8, 6]]],
    [
      11,
      [
        [8, 8],
        [4, 3],
      ],
    ],
    [17, [[20, 17]]],
    [
      45,
      [
        [20, 20],
        [20, 20],
        [4, 4],
        [1, 1],
      ],
    ],
  ];
  for (const [count, expected] of cases) {
    const vectors = await run(Array.from({ length: count }, (_, at) => sample(at)));
    assert.deepEqual(
      vectors.map((vector) => [...vector]),
      Array.from({ length: count }, (_, at) => [at, -at]),
    );
    assert.deepEqual(calls.splice(0), expected);
  }
  await dispose();
  assert.deepEqual(disposed, sizes);
});

test("when a program cannot be made, those before it are disposed of", async () => {
  const disposed: number[] = [];
  await assert.rejects(
    sized(8, sample(0), async (size) => {
      if (size === 8) throw new Error("out of memory");
      return { run: async () => new Float32Array(1), dispose: async () => void disposed.push(size) };
    }),
    /out of memory/,
  );
  assert.deepEqual(disposed, [1, 2, 4]);
});

test("sizes rise to the largest; every batch is split into them, and only the last is padded, a little", () =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 900 }), (largest, count) => {
      const sizes = batchSizes(largest);
      assert.deepEqual([sizes[0], sizes.at(-1)], [1, largest]);
      for (const [at, size] of sizes.slice(1).entries()) assert.ok(size > sizes[at]! && size <= 2 * sizes[at]!);
      const parts = cutInto(count, sizes);
      assert.ok(parts.every((part) => sizes.includes(part)));
      const before = parts.slice(0, -1).reduce((sum, part) => sum + part, 0);
      const last = parts.at(-1)!;
      assert.ok(count - before > 0 && count - before <= last && count - before >= 0.75 * last);
    }),
  ));
