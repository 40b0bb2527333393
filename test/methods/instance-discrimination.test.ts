import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, filled, float32, int32, np, Rng, type Tensor, type Traced, tree } from "../../src/array/index.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import { instanceDiscrimination } from "../../src/methods/instance-discrimination.ts";
import { evaluate } from "../fixtures/torch/reference.ts";
import { atStart, toyModality } from "./toy.ts";

/** Hands its two numbers on. */
const identity: Encoder = {
  name: "identity",
  embedDim: 2,
  init: () => ({}),
  apply: (_, { pixels }) => np.reshape(pixels!, [-1, 2]),
  hidden: (_, { pixels }) => pixels!,
  hyperparameters: {},
};
const method = instanceDiscrimination.build({
  encoder: identity,
  modality: toyModality(1, 1),
  options: instanceDiscrimination.options.parse({ projectionDim: 2, momentum: 0.5 }),
  samples: 4,
});

test("a view has its sample's index", () => {
  const views = new Map(tree.entries<Tensor>(method.views(7, new Rng(0), { index: 3, label: -1 })));
  assert.deepEqual([...views.get("index")!.data], [3]);
  assert.equal(views.get("index")!.dtype, "int32");
});

test("the bank has a row for every sample; a batch moves its rows half-way and leaves the others", async () => {
  const drawn = new Map(tree.entries<Tensor>(method.initMemory!(new Rng(0), { encoder: {} })));
  assert.deepEqual(drawn.get("bank")!.shape, [4, 2]);
  const bank = float32([1, 0, 0, 1, -1, 0, 0.6, 0.8], [4, 2]);
  const params = {
    encoder: {},
    projector: { hidden: [], last: { weight: float32([1, 0, 0, 1], [2, 2]), bias: filled([2], 0) } },
  };
  const inputs = { params, bank };
  // Sample 0 is seen along (0, 1); sample 3 comes twice, along (1, 0) and (0, 1).
  const left = await evaluate(
    ({ params: given, bank: held }: Traced<typeof inputs>) => {
      const view = { pixels: constant(float32([0, 5, 2, 0, 0, 3], [3, 2])) };
      const batch = { view, index: constant(int32([0, 3, 3], [3])) };
      return method.loss(given, batch, { bank: held }, atStart()).memory!;
    },
    [inputs] as const,
    "cpu",
  );
  const half = Math.SQRT1_2;
  // 0.5 · (0.6, 0.8) + 0.5 · (0.5, 0.5), at unit length
  const [x, y] = [0.55 / Math.hypot(0.55, 0.65), 0.65 / Math.hypot(0.55, 0.65)];
  const expected = [half, half, 0, 1, -1, 0, x, y];
  tree.leaves<Tensor>(left)[0]!.data.forEach((value, at) => {
    assert.ok(Math.abs(value - expected[at]!) < 1e-5, `${at}: ${value}`);
  });
});
