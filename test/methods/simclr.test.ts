import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, np, Rng, type Tensor, type Traced, tree } from "../../src/array/index.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import { inTraining } from "../../src/layers/scope.ts";
import { simclr } from "../../src/methods/simclr.ts";
import {
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";
import { atStart, noEntry, toyModality } from "./toy.ts";

/** Hands its six numbers on. */
const identity: Encoder = {
  name: "identity",
  embedDim: 6,
  init: () => ({}),
  apply: (_, { pixels }) => np.reshape(pixels!, [-1, 6]),
  hidden: (_, { pixels }) => pixels!,
  hyperparameters: {},
};

const build = (options: { temperature?: number; projectionDim?: number }) =>
  simclr.build({ encoder: identity, modality: toyModality(1, 2), options: simclr.options.parse(options), samples: 8 });

test("projector and loss over both views together are PyTorch's, gradients included", async () => {
  const expected = await torchCase("models", "simclr");
  const method = build({ temperature: 0.2, projectionDim: 4 });
  const inputs = { p: weights(method.init(new Rng(0))) };
  const step = ({ p }: Traced<typeof inputs>) => {
    const view = (name: string) => ({ pixels: constant(fill(name, [5, 6])) });
    return inTraining(undefined, () => method.loss(p, { first: view("first"), second: view("second") }, {}, atStart()))
      .result;
  };
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(
      (given: Traced<typeof inputs>) => step(given).loss,
      inputs,
      device,
    );
    assertMatches(output, expected.loss, `loss on ${device}`);
    assertGradients(gradients, expected);
    const accuracy = await evaluateOne(
      (given: Traced<typeof inputs>) => step(given).metrics!.accuracy!,
      [inputs],
      device,
    );
    assertMatches(accuracy, expected.accuracy, `accuracy on ${device}`);
  }
});

test("the two views of a sample are two different augmentations, the same by seed", () => {
  const views = (seed: number) => tree.entries<Tensor>(build({}).views(7, new Rng(seed), noEntry));
  assert.deepEqual(views(1), views(1));
  const [first, second] = views(1).map(([, leaf]) => leaf.data[0]!);
  assert.deepEqual(tree.paths(build({}).views(7, new Rng(1), noEntry)), ["first.pixels", "second.pixels"]);
  assert.ok(first !== second && first! > 7 && first! < 8 && second! > 7 && second! < 8);
});
