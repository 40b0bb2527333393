import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, np } from "../../../src/array/index.ts";
import { resizePositions, sinCosPositions, tokenPositions } from "../../../src/layers/transformer/positions.ts";
import { assertMatches, evaluateOne, fill, torchCase } from "../../fixtures/torch/reference.ts";

test("sine–cosine positions are those of MAE's code", async () => {
  const positions = sinCosPositions([3, 5], 8);
  assert.deepEqual(positions.shape, [15, 8]);
  assertMatches(positions, (await torchCase("models", "positions"))["3 x 5"], "positions");
});

test("a width that four does not divide is refused", () => {
  assert.throws(() => sinCosPositions([2, 2], 6), /multiple of 4, not 6/);
});

test("another grid over the same area has the positions of its cells' centres; the native grid has its own to the bit", () => {
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

test("positions by number: a sine and a cosine of each frequency in turn", () => {
  const positions = tokenPositions(3, 6);
  assert.deepEqual(positions.shape, [3, 6]);
  for (let token = 0; token < 3; token++)
    for (let pair = 0; pair < 3; pair++) {
      const angle = token / 10000 ** (pair / 3);
      assert.equal(positions.data[token * 6 + 2 * pair], Math.fround(Math.sin(angle)));
      assert.equal(positions.data[token * 6 + 2 * pair + 1], Math.fround(Math.cos(angle)));
    }
});

test("a series has the positions of a Transformer's text, and of a video each axis has its share, the last first", () => {
  const series = sinCosPositions([7], 8);
  for (let at = 0; at < 7; at++)
    for (let i = 0; i < 4; i++) {
      assert.equal(series.data[at * 8 + i], Math.fround(Math.sin(at * 10000 ** (-i / 4))));
      assert.equal(series.data[at * 8 + 4 + i], Math.fround(Math.cos(at * 10000 ** (-i / 4))));
    }
  const grid = [2, 3, 4];
  const video = sinCosPositions(grid, 12);
  assert.deepEqual(video.shape, [24, 12]);
  // Two frequencies an axis: what a series of four values would have.
  const alone = grid.map((extent) => sinCosPositions([extent], 4));
  for (let cell = 0; cell < 24; cell++) {
    const [frame, row, column] = [Math.floor(cell / 12), Math.floor(cell / 4) % 3, cell % 4];
    const expected = [
      [2, column],
      [1, row],
      [0, frame],
    ].flatMap(([axis, at]) => [...alone[axis!]!.data.slice(at! * 4, at! * 4 + 4)]);
    assert.deepEqual([...video.data.slice(cell * 12, cell * 12 + 12)], expected);
  }
  assert.equal(
    new Set(globalThis.Array.from({ length: 24 }, (_, at) => video.data.slice(at * 12, at * 12 + 12).join())).size,
    24,
  );
  // Three axes do not divide 16: six values each, of which the first axis loses two.
  const cut = sinCosPositions(grid, 16);
  for (let cell = 0; cell < 24; cell++) {
    const frame = Math.floor(cell / 12);
    const expected = [0, 1, 2].map((i) => Math.sin(frame * 10000 ** (-i / 3)));
    assert.deepEqual(
      [...cut.data.slice(cell * 16 + 12, cell * 16 + 16)],
      [...expected, Math.cos(frame)].map(Math.fround),
    );
  }
});

test("learned positions of a video are resized along each axis, those of a grid as large stay", async () => {
  const matrix = resizePositions([2, 3, 4], [2, 3, 4]);
  for (let row = 0; row < 24; row++)
    for (let column = 0; column < 24; column++) assert.equal(matrix.data[row * 24 + column], row === column ? 1 : 0);
  const both = resizePositions([2, 4, 5], [2, 3, 5]);
  const image = resizePositions([4, 5], [3, 5]);
  // Frames stay apart, and each is resized as an image is.
  for (let to = 0; to < 30; to++)
    for (let from = 0; from < 40; from++) {
      const isSame = Math.floor(to / 15) === Math.floor(from / 20);
      assert.equal(both.data[to * 40 + from]! + 0, isSame ? image.data[(to % 15) * 20 + (from % 20)]! + 0 : 0);
    }
  assert.deepEqual(resizePositions([8], [4]).shape, [4, 8]);
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
