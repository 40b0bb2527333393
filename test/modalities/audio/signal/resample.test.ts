import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { resample, resampler } from "../../../../src/modalities/audio/signal/resample.ts";

interface Fixture {
  readonly wave: number[];
  readonly resampled: { readonly from: number; readonly to: number; readonly result: number[] }[];
}

const fixture: Fixture = JSON.parse(
  await readFile(new URL("../../../fixtures/torch/sound.json", import.meta.url), "utf8"),
);

for (const { from, to, result } of fixture.resampled)
  test(`${from} to ${to} Hz: torchaudio's numbers`, () => {
    const ours = resample(Float32Array.from(fixture.wave), from, to);
    assert.equal(ours.length, result.length);
    for (const [at, value] of ours.entries()) assert.ok(Math.abs(value - result[at]!) < 1e-5, `sample ${at}`);
  });

test("in parts of any length the result is the same", () => {
  const wave = Float32Array.from(fixture.wave);
  for (const [from, to] of [
    [48000, 16000],
    [44100, 16000],
    [8000, 16000],
  ] as const) {
    const one = resampler(from, to);
    const parts: number[] = [];
    for (const [start, end] of [
      [0, 1],
      [1, 1],
      [1, 7],
      [7, 150],
      [150, 200],
    ] as const)
      parts.push(...one.push(wave.slice(start, end)));
    parts.push(...one.end());
    assert.deepEqual(parts, [...resample(wave, from, to)]);
  }
});

test("a tone keeps its pitch and loudness, and what the new rate cannot hold is gone", () => {
  const tone = (hertz: number) =>
    Float32Array.from({ length: 48000 }, (_, at) => Math.sin((2 * Math.PI * hertz * at) / 48000));
  const power = (wave: Float32Array) =>
    wave.subarray(500, -500).reduce((sum, value) => sum + value ** 2, 0) / (wave.length - 1000);
  assert.ok(Math.abs(power(resample(tone(1000), 48000, 16000)) - 0.5) < 1e-3);
  assert.ok(power(resample(tone(12000), 48000, 16000)) < 1e-5);
});
