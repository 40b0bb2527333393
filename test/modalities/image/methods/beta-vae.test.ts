import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng, type Tensor, tree } from "../../../../src/array/index.ts";
import { betaVae } from "../../../../src/modalities/image/methods/beta-vae.ts";
import { fill } from "../../../fixtures/torch/reference.ts";
import { assertLossIsTorchs, plainEncoder, plainModality } from "../../../methods/plain.ts";
import { noEntry } from "../../../methods/toy.ts";

const build = (options: object) =>
  betaVae.build({
    encoder: plainEncoder(3, 8),
    modality: plainModality(8),
    options: betaVae.options.parse({ latentDim: 5, decoderWidth: 2, ...options }),
    samples: 8,
  });

for (const likelihood of ["bernoulli", "gaussian"] as const)
  test(`${likelihood} pixels: the loss, its two parts and every gradient are PyTorch's`, async () => {
    const batch = { image: { pixels: fill("image", [4, 3, 8, 8]) }, noise: fill("noise", [4, 5]) };
    await assertLossIsTorchs(`beta-vae ${likelihood}`, build({ beta: 3, likelihood }), batch);
  });

test("the noise is standard normal, another for each sample and the same by seed", () => {
  const noise = (seed: number) =>
    new Map(tree.entries<Tensor>(build({ latentDim: 2000 }).views(0, new Rng(seed), noEntry))).get("noise")!.data;
  assert.deepEqual(noise(1), noise(1));
  assert.notDeepEqual(noise(1), noise(2));
  const values = [...noise(1)];
  const mean = values.reduce((sum, value) => sum + value, 0) / 2000;
  const square = values.reduce((sum, value) => sum + value * value, 0) / 2000;
  assert.ok(Math.abs(mean) < 0.1 && Math.abs(square - 1) < 0.15, `${mean}, ${square}`);
});
