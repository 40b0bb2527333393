import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, float32, np, Rng, type Tensor, type Traced, tree } from "../../../../src/array/index.ts";
import type { Encoder } from "../../../../src/encoders/index.ts";
import { rotation } from "../../../../src/modalities/image/methods/rotation.ts";
import { evaluate } from "../../../fixtures/torch/reference.ts";
import { atStart, noEntry, stack, toyModality } from "../../../methods/toy.ts";

/** Reads the rotation off the toy image's value: feature q is largest if the image was rotated by q quarter turns. */
const seesTurns: Encoder = {
  name: "sees turns",
  embedDim: 4,
  init: () => ({}),
  apply(_, { pixels }) {
    const turns = np.multiply(np.mean(pixels!, [1, 2, 3]), 1 / 1000);
    const distance = np.subtract(np.reshape(turns, [-1, 1]), np.array([0.1, 1.1, 2.1, 3.1]));
    return np.multiply(np.square(distance), -50);
  },
  hidden: (_, { pixels }) => pixels!,
  hyperparameters: {},
};

const method = rotation.build({ encoder: seesTurns, modality: toyModality(3, 2), options: {}, samples: 3 });

async function lossWith(head: Tensor): Promise<{ loss: number; accuracy: number }> {
  const batch = stack([0, 1, 2].map((sample) => method.views(sample, new Rng(0), noEntry)));
  const params = { encoder: {}, head: { weight: head, bias: filled([4], 0) } };
  const results = await evaluate(
    (p: Traced<typeof params>, views: Traced<typeof batch>) => {
      const { loss, metrics } = method.loss(p, views, {}, atStart());
      return { loss, accuracy: metrics!.accuracy! };
    },
    [params, batch] as const,
  );
  const [loss, accuracy] = tree.leaves<Tensor>(results).map((leaf) => leaf.data[0]!);
  return { loss: loss!, accuracy: accuracy! };
}

test("a batch has every image in all four orientations of the same weakly augmented view", () => {
  const views = tree.entries<Tensor>(method.views(7, new Rng(0), noEntry));
  assert.deepEqual(
    views.map(([path, leaf]) => [path, leaf.data[0]]),
    [0, 1, 2, 3].map((quarters) => [`turned.${quarters}.pixels`, 107 + 1000 * quarters]),
  );
});

test("a network that sees the turn is right on all, and its labels are the turns", async () => {
  const eye = float32([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [4, 4]);
  const right = await lossWith(eye);
  assert.equal(right.accuracy, 1);
  assert.ok(right.loss < 1e-6, `loss ${right.loss}`);
  const offByOne = float32([0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0], [4, 4]);
  assert.equal((await lossWith(offByOne)).accuracy, 0);
});

test("a network that sees nothing is at ln 4", async () => {
  assert.ok(Math.abs((await lossWith(filled([4, 4], 0))).loss - Math.log(4)) < 1e-6);
});
