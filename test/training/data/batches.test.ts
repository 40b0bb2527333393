import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Rng } from "../../../src/array/index.ts";
import { countOfKeys } from "../../../src/data/parts/keys.ts";
import { batchesOfKeys } from "../../../src/training/data/batches.ts";

test("no batch holds two entries of a key, all are whole, and entries are repeated only where keys are scarce", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 2, maxLength: 200 }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(),
      (given, wanted, seed) => {
        const keys = Int32Array.from(given);
        const batchSize = Math.min(wanted, countOfKeys(keys));
        const order = new Rng(seed).permutation(keys.length);
        const result = batchesOfKeys(order, (position) => keys[position]!, batchSize);
        assert.equal(result.length, Math.floor(keys.length / batchSize) * batchSize);
        for (let start = 0; start < result.length; start += batchSize) {
          const batch = result.subarray(start, start + batchSize);
          assert.equal(new Set(batch.map((position) => keys[position]!)).size, batchSize);
        }
        if (countOfKeys(keys) === keys.length)
          assert.deepEqual(result, order.subarray(0, result.length), "without repeats the order stays");
      },
    ),
  );
});

test("entries of frequent keys are left to later batches, and none is used twice while others wait", () => {
  const keys = [0, 0, 1, 1, 2, 2];
  const result = batchesOfKeys(Int32Array.of(0, 1, 2, 3, 4, 5), (position) => keys[position]!, 2);
  assert.deepEqual([...result], [0, 2, 1, 3, 4, 0]);
});

test("fewer keys than a batch has entries are an error", () => {
  assert.throws(() => batchesOfKeys(Int32Array.of(0, 1, 2), () => 7, 2), /1 keys are too few/);
});
