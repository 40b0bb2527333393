import assert from "node:assert/strict";
import { test } from "node:test";
import { colourBins, softEncode } from "../../../src/modalities/image/colour-bins.ts";
import { image } from "../../../src/modalities/image/index.ts";
import { labOf, splitLab } from "../../../src/modalities/image/transforms/lab.ts";
import { assertMatches, torchCase } from "../../fixtures/torch/reference.ts";

test("CIELAB is scikit-image's", async () => {
  const cases = Object.values(await torchCase("restore", "lab")) as (readonly number[])[];
  assert.equal(cases.length, 40);
  const data = Uint8Array.from(cases.flatMap((values) => values.slice(0, 3)));
  const { values } = splitLab({ width: 8, height: 5, channels: 3, data });
  assert.deepEqual(values.shape, [3, 5, 8]);
  cases.forEach(([red, green, blue, ...expected], at) => {
    labOf(red!, green!, blue!).forEach((value, channel) => {
      assert.ok(Math.abs(value - expected[channel]!) < 2e-3, `${[red, green, blue]}: ${value}, not ${expected}`);
      assert.ok(Math.abs(value - values.data[channel * 40 + at]!) < 1e-4);
    });
  });
});

test("the lightness is an image with equal channels, white at 255, that the encoder can read", () => {
  const modality = image.build(image.options.parse({ imageSize: 2, mean: [0, 0, 0], std: [1, 1, 1] }));
  const data = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0, 0, 119, 119, 119);
  const { lightness, values } = modality.lab!({ width: 2, height: 2, channels: 3, data });
  const { pixels } = modality.tensors(lightness);
  for (let channel = 0; channel < 3; channel++)
    [1, 0.5324, 0, 0.5003].forEach((level, at) => {
      assert.ok(Math.abs(pixels!.data[4 * channel + at]! - level) < 0.003, `${pixels!.data}`);
    });
  assert.ok(Math.abs(values.data[0]! - 100) < 1e-3);
});

test("grey data have no colours to predict", () => {
  assert.equal("lab" in image.build(image.options.parse({ channels: 1 })), false);
});

test("the bins of the ab plane are those that colours of scikit-image's Lab fall in", async () => {
  const expected = await torchCase("restore", "colour bins");
  const bins = colourBins();
  assertMatches({ dtype: "float32", shape: [1], data: Float32Array.of(bins.length / 2) }, expected.count, "count");
  assertMatches({ dtype: "float32", shape: [bins.length], data: bins }, expected.bins, "bins");
});

test("soft encoding: PyTorch's shares of the five nearest bins", async () => {
  const { ab, ...rows } = await torchCase("restore", "soft encoding");
  const count = colourBins().length / 2;
  Object.values(rows).forEach((expected, row) => {
    const [nearest, shares] = [new Int32Array(5), new Float32Array(5)];
    const [a, b] = (ab as readonly number[]).slice(2 * row);
    softEncode(a!, b!, { neighbours: 5, sigma: 5 }, nearest, shares, 0);
    const dense = new Float32Array(count);
    nearest.forEach((bin, k) => {
      dense[bin] = shares[k]!;
    });
    assertMatches({ dtype: "float32", shape: [count], data: dense }, expected, `colour ${row}`);
  });
});
