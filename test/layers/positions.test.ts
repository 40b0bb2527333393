import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, np } from "../../src/array/index.ts";
import { resizePositions, sinCosPositions } from "../../src/layers/positions.ts";
import { assertMatches, evaluateOne, fill, torchCase } from "../fixtures/torch/reference.ts";

test("sine–cosine positions are those of MAE's code", async () => {
  const positions = sinCosPositions([3, 5], 8);
  assert.deepEqual(positions.shape, [15, 8]);
  assertMatches(positions, (await torchCase("models", "positions"))["3 x 5"], "positions");
});

test("a width that four does not divide is refused", () => {
  assert.throws(() => sinCosPositions([2, 2], 6), /multiple of 4, not 6/);
});

test("a grid over the same area has its cells' middles looked up; the native grid has its own positions to the bit", () => {
  assert.deepEqual(sinCosPositions([3, 5], 8, [3, 5]), sinCosPositions([3, 5], 8));
  // Two cells over four: their middles are at 0.5 and 2.5 of the four.
  const half = sinCosPositions([2, 2], 4, [4, 4]);
  const expected = [0.5, 2.5].flatMap((row) =>
    [0.5, 2.5].flatMap((column) => [Math.sin(column), Math.cos(column), Math.sin(row), Math.cos(row)]),
  );
  assert.deepEqual([...half.data], expected.map(Math.fround));
  // Three cells over three rows, one over five columns: the middle one.
  const middle = sinCosPositions([3, 1], 8, [3, 5]);
  const native = sinCosPositions([3, 5], 8);
  for (let row = 0; row < 3; row++)
    assert.deepEqual(middle.data.slice(row * 8, row * 8 + 8), native.data.slice((row * 5 + 2) * 8, (row * 5 + 3) * 8));
});

for (const [rows, columns] of [
  [2, 3],
  [3, 5],
  [7, 6],
  [4, 5],
] as const)
  test(`learned positions of a 4 × 5 grid as PyTorch's bicubic interpolation gives them for ${rows} × ${columns}`, async () => {
    const matrix = resizePositions([4, 5], [rows, columns]);
    assert.deepEqual(matrix.shape, [rows * columns, 20]);
    const resized = await evaluateOne((m: Array, p: Array) => np.matmul(m, p), [
      matrix,
      fill("positions", [20, 3]),
    ] as const);
    assertMatches(resized, (await torchCase("clusters", `positions ${rows} x ${columns}`)).output, "positions", 1e-6);
  });
