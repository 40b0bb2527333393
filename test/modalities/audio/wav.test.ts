import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "../../../src/modalities/audio/decode.ts";
import { playable, wavOf } from "../../../src/modalities/audio/wav.ts";

test("a written WAV file is read as it was", async () => {
  const wave = Float32Array.from({ length: 1000 }, (_, at) => 0.9 * Math.sin(at / 7));
  const { rate, wave: found } = await decode(wavOf(wave, 8000));
  assert.equal(rate, 8000);
  assert.equal(found.length, wave.length);
  for (const [at, value] of wave.entries()) assert.ok(Math.abs(value - found[at]!) < 1e-4);
});

test("pages have at most ten seconds at 16 kHz, clipped and not wrapped", async () => {
  const wave = new Float32Array(48_000 * 60).fill(1.5);
  const { type, bytes } = playable({ rate: 48_000, wave });
  assert.equal(type, "audio/wav");
  assert.ok(bytes.length <= 320_100);
  const sound = await decode(bytes);
  assert.equal(sound.rate, 16000);
  assert.ok(sound.wave.subarray(1000, 2000).every((value) => value > 0.99));
});
