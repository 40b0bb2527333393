import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Array, float32, sizeOf } from "../../../src/array/index.ts";
import { gridOfPatches, patchify, unpatchify } from "../../../src/layers/transformer/patches.ts";
import { evaluateOne } from "../../fixtures/torch/reference.ts";

const axis = fc.record({ count: fc.integer({ min: 1, max: 4 }), extent: fc.integer({ min: 1, max: 4 }) });

test("patches on any number of axes partition the input, and `unpatchify` restores it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(axis, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 3 }),
      async (axes, batch, channels) => {
        const grid = axes.map(({ count }) => count);
        const patch = axes.map(({ extent }) => extent);
        const extents = axes.map(({ count, extent }) => count * extent);
        const shape = [batch, channels, ...extents];
        const x = float32(
          Float32Array.from({ length: sizeOf(shape) }, (_, at) => at),
          shape,
        );
        assert.deepEqual(gridOfPatches(extents, patch), grid);
        const patches = await evaluateOne((given: Array) => patchify(given, patch), [x]);
        const back = await evaluateOne((given: Array) => unpatchify(given, channels, grid, patch), [patches]);
        assert.deepEqual(back.shape, shape);
        assert.deepEqual(back.data, x.data);
        assert.deepEqual(patches.shape, [batch, sizeOf(grid), sizeOf(patch) * channels]);
        // Value by value, from the definition: place of the patch, place within it, channel.
        const placeOf = (index: number, sizes: readonly number[]) =>
          sizes.map((size, at) => Math.floor(index / sizeOf(sizes.slice(at + 1))) % size);
        patches.data.forEach((value, at) => {
          const [sample, place, within, channel] = placeOf(at, [batch, sizeOf(grid), sizeOf(patch), channels]);
          const corner = placeOf(place!, grid);
          const inside = placeOf(within!, patch);
          const index = [sample!, channel!, ...corner.map((cell, i) => cell * patch[i]! + inside[i]!)];
          assert.equal(
            value,
            index.reduce((flat, i, dimension) => flat * shape[dimension]! + i, 0),
          );
        });
      },
    ),
    { numRuns: 30 },
  );
});

test("patches that do not divide the input are refused", () => {
  assert.throws(() => gridOfPatches([4, 9], [2, 2]), /input of 4 × 9 is not a whole number of patches of 2 × 2/);
  assert.throws(() => gridOfPatches([4, 8], [2]), /not a whole number/);
});
