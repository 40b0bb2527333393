import assert from "node:assert/strict";
import { test } from "node:test";
import { float32, int32, Rng, type Tensor, type Traced, tree } from "../../../../src/array/index.ts";
import { colourBins, softEncode } from "../../../../src/modalities/image/colour-bins.ts";
import { image } from "../../../../src/modalities/image/index.ts";
import { colorization } from "../../../../src/modalities/image/methods/colorization.ts";
import { labToRgb } from "../../../../src/modalities/image/methods/lab.ts";
import { assertMatches, evaluateOne, fill, torchCase } from "../../../fixtures/torch/reference.ts";
import { assertLossIsTorchs, lookAt, plainEncoder } from "../../../methods/plain.ts";
import { noEntry } from "../../../methods/toy.ts";

const modality = image.build(image.options.parse({ imageSize: 8, flip: 0, cropScale: [1, 1] }));
const build = () => {
  const { lab, perturb } = modality;
  assert.ok(lab && perturb);
  return colorization.build({
    encoder: plainEncoder(3, 8),
    modality: { ...modality, lab, perturb } as never,
    options: colorization.options.parse({ decoderWidth: 2 }),
    samples: 8,
  });
};
const bins = colourBins();
const count = bins.length / 2;

/** The nearest bins and their shares, of colours `[pixels, 2]`. */
function encode(ab: ArrayLike<number>) {
  const pixels = ab.length / 2;
  const [nearest, shares] = [new Int32Array(pixels * 5), new Float32Array(pixels * 5)];
  for (let at = 0; at < pixels; at++)
    softEncode(ab[2 * at]!, ab[2 * at + 1]!, { neighbours: 5, sigma: 5 }, nearest, shares, 5 * at);
  return { nearest, shares };
}

test("the loss, its weights by rarity, what is remembered and every gradient are PyTorch's", async () => {
  const { nearest, shares } = encode(fill("colours of pixels", [16, 2], 60).data);
  const batch = {
    lightness: { pixels: fill("grey", [4, 3, 8, 8]) },
    nearest: int32(nearest, [4, 4, 5]),
    shares: float32(shares, [4, 4, 5]),
  };
  const prior = Float32Array.from(fill("shares", [count], 0.5, 0.5).data, (value) => value / count);
  const rest = await assertLossIsTorchs("colorization", build(), batch, { colours: float32(prior, [count]) });
  assertMatches(rest.get("memory.colours")!, (await torchCase("restore", "colorization")).shares, "shares");
});

test("views: the lightness on all channels, and the soft-encoded colour of every fourth pixel", () => {
  // Quarters of 4 × 4 pixels: red, green, blue and grey.
  const colours = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [119, 119, 119],
  ];
  const quarter = (at: number) => 2 * Number(Math.floor(at / 8) >= 4) + Number(at % 8 >= 4);
  const data = Uint8Array.from({ length: 64 }, (_, at) => at).length;
  const pixels = Uint8Array.from({ length: 3 * data }, (_, at) => colours[quarter(Math.floor(at / 3))]![at % 3]!);
  const sample = { width: 8, height: 8, channels: 3, data: pixels };
  const views = new Map(tree.entries<Tensor>(build().views(sample, new Rng(0), noEntry)));
  // scikit-image: L of these colours is 53.24, 87.73, 32.30 and 50.03.
  const { mean, std } = modality.normalization!;
  const lightness = views.get("lightness.pixels")!;
  for (const [at, expected] of [53.24, 87.73, 32.3, 50.03].entries())
    for (let channel = 0; channel < 3; channel++) {
      const where = channel * 64 + (at >= 2 ? 32 : 0) + 4 * (at % 2);
      const level = 100 * (lightness.data[where]! * std[channel]! + mean[channel]!);
      assert.ok(Math.abs(level - expected) < 0.25, `${level}, not ${expected}`);
    }
  const expected = encode([80.09, 67.2, -86.18, 83.18, 79.19, -107.86, 0, 0]);
  // Of bins at equal distance (around grey there are four) it does not matter which comes first.
  const dense = (nearest: ArrayLike<number>, shares: ArrayLike<number>, pixel: number) =>
    new Map([0, 1, 2, 3, 4].map((k) => [nearest[5 * pixel + k]!, shares[5 * pixel + k]!]));
  for (let pixel = 0; pixel < 4; pixel++) {
    const found = dense(views.get("nearest")!.data, views.get("shares")!.data, pixel);
    for (const [bin, share] of dense(expected.nearest, expected.shares, pixel))
      assert.ok(Math.abs(share - (found.get(bin) ?? 0)) < 0.01, `pixel ${pixel}, bin ${bin}`);
  }
});

test("Lab to RGB is scikit-image's", async () => {
  const cases = Object.values(await torchCase("restore", "rgb")) as (readonly number[])[];
  const lab = float32(
    [0, 1, 2].flatMap((channel) => cases.map((values) => values[channel]!)),
    [1, 3, 1, cases.length],
  );
  const rgb = await evaluateOne((x: Traced<Tensor>) => labToRgb(x), [lab], "cpu");
  cases.forEach((values, at) => {
    for (let channel = 0; channel < 3; channel++)
      assert.ok(Math.abs(rgb.data[channel * cases.length + at]! - values[3 + channel]!) < 2e-3, `${values}`);
  });
});

test("to look at: the true colours come back to within their bins", async () => {
  const method = build();
  const params = method.init(new Rng(0));
  const colour = [200, 60, 40];
  const data = Uint8Array.from({ length: 192 }, (_, at) => colour[at % 3]!);
  const one = method.views({ width: 8, height: 8, channels: 3, data }, new Rng(0), noEntry);
  const batch = tree.map<Tensor, Tensor>(one, (leaf) => ({ ...leaf, shape: [1, ...leaf.shape] })) as typeof one;
  const pictures = await lookAt(method, params, batch);
  const { mean, std } = modality.normalization!;
  for (const name of ["grey", "coloured", "original"]) {
    assert.deepEqual(pictures.get(name)!.shape, [1, 3, 8, 8]);
    assert.ok(pictures.get(name)!.data.every(Number.isFinite));
  }
  colour.forEach((value, channel) => {
    const shown = pictures.get("original")!.data[channel * 64]! * std[channel]! + mean[channel]!;
    assert.ok(Math.abs(255 * shown - value) < 12, `channel ${channel}: ${255 * shown}, not ${value}`);
  });
});
