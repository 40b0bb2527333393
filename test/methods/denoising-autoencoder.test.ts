import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import { denoisingAutoencoder } from "../../src/methods/denoising-autoencoder.ts";
import { fill } from "../fixtures/torch/reference.ts";
import { assertLossIsTorchs, plainEncoder, plainModality } from "./plain.ts";
import { noEntry } from "./toy.ts";

const build = (options: object, size = 8) =>
  denoisingAutoencoder.build({
    encoder: plainEncoder(3, size),
    modality: plainModality(size),
    options: denoisingAutoencoder.options.parse({ decoderWidth: 2, ...options }),
    samples: 8,
  });

test("the loss and every gradient are PyTorch's", async () => {
  await assertLossIsTorchs("denoising-autoencoder", build({}), {
    clean: fill("image", [4, 3, 8, 8]),
    corrupted: { pixels: fill("corrupted", [4, 3, 8, 8]) },
  });
});

/** A toy picture of 107 everywhere, 40 × 40, before and after. */
function views(options: object, seed = 1) {
  const found = new Map(tree.entries<Tensor>(build(options, 40).views(7, new Rng(seed), noEntry)));
  const [clean, corrupted] = [found.get("clean")!.data, found.get("corrupted.pixels")!.data];
  assert.ok(clean.every((value) => value === 107));
  const share = (of: (value: number, at: number) => boolean) => corrupted.filter(of).length / corrupted.length;
  return { corrupted: [...corrupted], share };
}

test("masking sets its share of the values to 0 and leaves the others", () => {
  for (const level of [0, 0.25, 0.9, 1]) {
    const { share } = views({ corruption: "masking", level });
    // 4,800 values: a deviation of 0.006 at most.
    assert.ok(Math.abs(share((value) => value === 0) - level) < 0.03);
    assert.equal(
      share((value) => value === 0 || value === 107),
      1,
    );
  }
});

test("salt and pepper are the blackest and whitest values of each channel, half and half", () => {
  const { share } = views({ corruption: "saltAndPepper", level: 0.4 });
  const [mean, std] = [[0.4, 0.5, 0.6] as const, [0.2, 0.25, 0.3] as const];
  const channel = (at: number) => Math.floor(at / 1600) as 0 | 1 | 2;
  const near = (value: number, other: number) => Math.abs(value - other) < 1e-5;
  const pepper = share((value, at) => near(value, -mean[channel(at)] / std[channel(at)]));
  const salt = share((value, at) => near(value, (1 - mean[channel(at)]) / std[channel(at)]));
  assert.ok(Math.abs(pepper - 0.2) < 0.03 && Math.abs(salt - 0.2) < 0.03, `${pepper}, ${salt}`);
  assert.ok(Math.abs(share((value) => value === 107) - 0.6) < 0.03);
});

test("Gaussian noise has the deviation asked for; all corruption is the seed's", () => {
  const { corrupted } = views({ corruption: "gaussian", noise: 2 });
  const square = corrupted.reduce((sum, value) => sum + (value - 107) ** 2, 0) / corrupted.length;
  assert.ok(Math.abs(square - 4) < 0.4, `${square}`);
  for (const corruption of ["masking", "gaussian", "saltAndPepper"]) {
    assert.deepEqual(views({ corruption }).corrupted, views({ corruption }).corrupted);
    assert.notDeepEqual(views({ corruption }).corrupted, views({ corruption }, 2).corrupted);
  }
});
