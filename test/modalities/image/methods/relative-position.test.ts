import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng, type Tensor, tree } from "../../../../src/array/index.ts";
import { NEIGHBOURS, pairsOf, relativePosition } from "../../../../src/modalities/image/methods/relative-position.ts";
import { fill } from "../../../fixtures/torch/reference.ts";
import { assertLossIsTorchs, plainEncoder, plainModality } from "../../../methods/plain.ts";
import { noEntry } from "../../../methods/toy.ts";

const modality = {
  ...plainModality(4),
  tiles: (sample: unknown, _: Rng, { rows, columns }: { rows: number; columns: number }) =>
    Array.from({ length: rows * columns }, (_, index) => Number(sample) + 1000 * index),
};

const method = relativePosition.build({
  encoder: plainEncoder(3, 4),
  modality,
  options: relativePosition.options.parse({ grid: 2, hiddenDim: 7 }),
  samples: 8,
});

test("the loss and every gradient are PyTorch's", async () => {
  await assertLossIsTorchs("relative-position", method, {
    tiles: Array.from({ length: 4 }, (_, index) => ({ pixels: fill(`tile ${index}`, [3, 3, 4, 4]) })),
  });
});

test("each of the eight neighbours of the middle tile has its direction as the target", () => {
  // Tiles are counted row by row: 0 1 2 / 3 4 5 / 6 7 8.
  const names = ["up left", "up", "up right", "left", "right", "down left", "down", "down right"];
  const expected = { 0: "up left", 1: "up", 2: "up right", 3: "left", 5: "right", 6: "down left", 7: "down" };
  const fromMiddle = pairsOf(3).filter(([first]) => first === 4);
  assert.equal(fromMiddle.length, 8);
  assert.deepEqual(Object.fromEntries(fromMiddle.map(([, second, direction]) => [second, names[direction]])), {
    ...expected,
    8: "down right",
  });
});

test("all pairs of adjacent tiles are used, both ways and with opposite directions", () => {
  for (const [grid, count] of [
    [2, 12],
    [3, 40],
    [4, 84],
  ] as const) {
    const pairs = pairsOf(grid);
    assert.equal(pairs.length, count);
    assert.equal(new Set(pairs.map(([first, second]) => `${first} ${second}`)).size, count);
    for (const [first, second, direction] of pairs) {
      const [down, right] = NEIGHBOURS[direction]!;
      assert.equal(Math.floor(second / grid) - Math.floor(first / grid), down);
      assert.equal((second % grid) - (first % grid), right);
      assert.ok(pairs.some(([a, b, back]) => a === second && b === first && back === 7 - direction));
    }
  }
});

test("the tiles are those of the modality, in their places", () => {
  const views = tree.entries<Tensor>(method.views(7, new Rng(0), noEntry));
  assert.deepEqual(
    views.map(([path, { data }]) => [path, data[0]]),
    [0, 1, 2, 3].map((index) => [`tiles.${index}.pixels`, 7 + 1000 * index]),
  );
});
