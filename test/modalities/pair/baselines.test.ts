import assert from "node:assert/strict";
import { test } from "node:test";
import { float32 } from "../../../src/array/tensor.ts";
import { offerOf } from "../../../src/data/ability.ts";
import { subset } from "../../../src/data/parts/split.ts";
import { sides } from "../../../src/data/sides.ts";
import { colourStatistics } from "../../../src/modalities/pair/baselines/colours.ts";
import { retrievalBaseline } from "../../../src/modalities/pair/baselines/retrieval.ts";
import { pair } from "../../../src/modalities/pair/index.ts";
import { writePairs } from "../../fixtures/pairs.ts";
import { inFolder } from "../../support/cli.ts";

test("colour statistics are what is counted by hand", () => {
  // Grey, 4 × 4 pixels: each cell of the grid is one of them.
  const values = [0, 0, 0, 0, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0, 0, 1, 1];
  const [mean, std] = [0.5, 0.25];
  const pixels = float32(
    Float32Array.from(values, (value) => (value - mean) / std),
    [1, 4, 4],
  );
  const statistics = colourStatistics(pixels, { mean: [mean], std: [std] });
  assert.deepEqual([...statistics.subarray(0, 16)], values);
  const histogram = Array.from({ length: 16 }, () => 0);
  [histogram[0], histogram[8], histogram[15]] = [6 / 16, 4 / 16, 6 / 16];
  assert.deepEqual([...statistics.subarray(16, 32)], histogram);
  const average = values.reduce((sum, value) => sum + value, 0) / 16;
  const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / 16;
  assert.equal(statistics.length, 34);
  assert.ok(Math.abs(statistics[32]! - average) < 1e-6 && Math.abs(statistics[33]! - Math.sqrt(variance)) < 1e-6);
});

test("colour statistics of colours: 48 means, 64 levels, means and deviations", () => {
  // Red on the left, blue on the right.
  const pixels = new Float32Array(3 * 64);
  for (let at = 0; at < 64; at++) pixels[at % 8 < 4 ? at : 128 + at] = 1;
  const scale = { mean: [0, 0, 0], std: [1, 1, 1] };
  const statistics = colourStatistics(float32(pixels, [3, 8, 8]), scale);
  assert.equal(statistics.length, 48 + 64 + 6);
  assert.deepEqual([...statistics.subarray(0, 4)], [1, 1, 0, 0]);
  assert.deepEqual([...statistics.subarray(32, 36)], [0, 0, 1, 1]);
  // Red is level 3, 0, 0 and blue 0, 0, 3.
  assert.deepEqual([statistics[48 + 3 * 16], statistics[48 + 3]], [0.5, 0.5]);
  assert.deepEqual([...statistics.subarray(112)], [0.5, 0, 0.5, 0.5, 0, 0.5]);
});

test("words find images of squares that it was not fitted to, by their colours", () =>
  inFolder(async (folder) => {
    const source = await pair.open(await writePairs(folder, 240));
    const options = pair.options.parse(await pair.infer(source));
    const files = await pair.learn?.(source, options);
    const modality = pair.build(options, files);
    const entries = [...Array(source.length).keys()];
    const [train, held] = [entries.slice(0, 200), entries.slice(200)];
    const baseline = await retrievalBaseline(modality, subset(source, Int32Array.from(train)));
    const samples = await Promise.all(held.map((entry) => source.read(entry)));
    const both = offerOf(modality, sides);
    assert.ok(both);
    const [images, texts] = await Promise.all(
      ["image", "text"].map((side) =>
        baseline.of(
          side,
          samples.map((sample) => both.samples(sample, side)[0]),
        ),
      ),
    );
    const vector = (all: Float32Array | undefined, row: number) =>
      all?.subarray(row * baseline.dim, (row + 1) * baseline.dim) ?? new Float32Array();
    const cosine = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, value, at) => sum + value * b[at]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
    // The colour of entry n is that of n mod 4: a quarter would be right by chance.
    const right = held.filter((_, text) => {
      const scores = held.map((__, image) => cosine(vector(texts, text), vector(images, image)));
      return scores.indexOf(Math.max(...scores)) % 4 === text % 4;
    });
    assert.ok(right.length >= 0.9 * held.length, `${right.length} of ${held.length}`);
    await source.close();
  }));
