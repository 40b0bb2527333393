import assert from "node:assert/strict";
import { test } from "node:test";
import { int32, np, Rng, type Tensor, tree } from "../../../../src/array/index.ts";
import type { Encoder } from "../../../../src/encoders/index.ts";
import { jigsaw } from "../../../../src/modalities/image/methods/jigsaw.ts";
import { distantPermutations } from "../../../../src/modalities/image/methods/permutations.ts";
import { fill } from "../../../fixtures/torch/reference.ts";
import { assertLossIsTorchs, lookAt, plainModality } from "../../../methods/plain.ts";
import { noEntry } from "../../../methods/toy.ts";

/** All values of a tile: the mean of a normalised one would always be 0. */
const flat: Encoder = {
  name: "flat",
  embedDim: 48,
  init: () => ({}),
  apply: (_, { pixels }) => np.reshape(pixels!, [-1, 48]),
  hidden: (_, { pixels }) => pixels!,
  hyperparameters: {},
};

/** The toy's tile n of a sample is the sample plus 1000 n. */
const modality = {
  ...plainModality(4),
  tiles: (sample: unknown, _: Rng, { rows, columns }: { rows: number; columns: number }) =>
    Array.from({ length: rows * columns }, (_, index) => Number(sample) + 1000 * index),
};

const build = (options: object) =>
  jigsaw.build({
    encoder: flat,
    modality,
    options: jigsaw.options.parse({ grid: 2, permutations: 5, tileDim: 6, hiddenDim: 7, ...options }),
    samples: 8,
  });

test("the loss and every gradient are PyTorch's", async () => {
  await assertLossIsTorchs("jigsaw", build({}), {
    tiles: Array.from({ length: 4 }, (_, index) => ({ pixels: fill(`tile ${index}`, [3, 3, 4, 4]) })),
    permutation: int32([3, 0, 4], [3]),
  });
});

test("the tiles are in the order of the target permutation, and every permutation occurs", () => {
  for (const [grid, permutations] of [
    [2, 24],
    [3, 50],
  ] as const) {
    const orders = distantPermutations(grid * grid, permutations);
    const seen = new Set<number>();
    const method = build({ grid, permutations });
    for (let seed = 0; seed < 600; seed++) {
      const views = new Map(tree.entries<Tensor>(method.views(7, new Rng(seed), noEntry)));
      const target = views.get("permutation")!.data[0]!;
      seen.add(target);
      const order = orders[target]!.map((_, place) => (views.get(`tiles.${place}.pixels`)!.data[0]! - 7) / 1000);
      assert.deepEqual(order, orders[target]);
    }
    assert.equal(seen.size, permutations);
  }
});

test("to look at: the tiles as shuffled, and put back as the network believes", async () => {
  const method = build({ permutations: 24 });
  const params = method.init(new Rng(0));
  // A bias makes the network predict one permutation for any input.
  const sure = 17;
  new Map(tree.entries<Tensor>(params)).get("head.last.bias")!.data[sure] = 1e4;
  const order = distantPermutations(4, 24)[sure]!;
  const tiles = order.map((from) => ({ pixels: fill(`tile ${from}`, [2, 3, 4, 4]) }));
  const batch = { tiles, permutation: int32([0, 0], [2]) };
  const pictures = await lookAt(method, params, batch);
  for (const [name, of] of [
    ["shuffled", (place: number) => order[place]!],
    ["solved", (place: number) => place],
  ] as const) {
    const { shape, data } = pictures.get(name)!;
    assert.deepEqual(shape, [2, 3, 8, 8]);
    for (let place = 0; place < 4; place++) {
      const tile = fill(`tile ${of(place)}`, [2, 3, 4, 4]).data;
      const [top, left] = [4 * Math.floor(place / 2), 4 * (place % 2)];
      for (let at = 0; at < tile.length; at++) {
        const [plane, y, x] = [Math.floor(at / 16), Math.floor(at / 4) % 4, at % 4];
        assert.ok(Math.abs(data[plane * 64 + (top + y) * 8 + left + x]! - tile[at]!) < 1e-5, `${name} ${place}`);
      }
    }
  }
});
