import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { audio } from "../../../src/modalities/audio/index.ts";
import type { Sound } from "../../../src/modalities/audio/sound.ts";

const RATE = 4000;
const options = (more: Readonly<Record<string, unknown>>) =>
  audio.options.parse({ rate: RATE, window: 0.6, bands: 16, mean: 0, std: 1, ...more });
const noise = (seconds: number) => {
  const rng = new Rng(1);
  return { rate: RATE, wave: Float32Array.from({ length: seconds * RATE }, () => rng.normal(0, 0.1)) };
};

test("overlapping segments show the same frames where they overlap", () => {
  const built = audio.build(options({}));
  const [, bands, frames] = built.specs.spectrogram!.shape as [number, number, number];
  const grid = frames / 4;
  const [first, second] = built.segments(noise(2), new Rng(2), {
    ...{ count: 2, grid, extent: 8 / grid, gap: [-5 / grid, -5 / grid] },
  });
  const [one, other] = [first!, second!].map(({ segment }) => built.tensors(segment as Sound).spectrogram!);
  assert.deepEqual(one!.shape, [1, bands, 32]);
  for (let band = 0; band < bands; band++)
    for (let frame = 0; frame < 20; frame++)
      assert.equal(one!.data[band * 32 + 12 + frame], other!.data[band * 32 + frame], `band ${band}, frame ${frame}`);
  assert.ok(Math.abs(second!.start - first!.start - 3 / grid) < 1e-9);
});

test("in a short recording segments lie within it, closer together", () => {
  const built = audio.build(options({ input: "wave" }));
  const short = noise(0.5);
  for (let seed = 0; seed < 20; seed++) {
    const parts = built.segments(short, new Rng(seed), { count: 3, extent: 0.25, gap: [0, 0.5] });
    for (const { segment } of parts) {
      const { data } = built.tensors(segment as Sound).wave!;
      assert.ok(data.filter((value) => value === data[0]).length < 5, "silence");
    }
  }
});

test("played faster, a part of the length asked for shows more of the sound, and no silence", () => {
  for (const input of ["wave", "spectrogram"] as const) {
    const built = audio.build(options({ input }));
    const tone = Float32Array.from({ length: 0.6 * RATE }, (_, at) => Math.sin((2 * Math.PI * 200 * at) / RATE));
    const crossings = [1, 2].map((factor) => {
      const { wave } = built.speed({ rate: RATE, wave: tone }, new Rng(3), factor, { extent: 0.5 });
      assert.ok(
        wave.subarray(-40).some((value) => Math.abs(value) > 0.5),
        "silence at its end",
      );
      return wave.filter((value, at) => at > 0 && value >= 0 && wave[at - 1]! < 0).length;
    });
    assert.ok(Math.abs(crossings[1]! / crossings[0]! - 2) < 0.1, `${crossings}`);
  }
});
