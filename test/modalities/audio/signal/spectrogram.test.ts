import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { ASTFeatureExtractor, WhisperFeatureExtractor } from "@huggingface/transformers";
import { Rng } from "../../../../src/array/rng.ts";
import { spectrogram } from "../../../../src/modalities/audio/signal/spectrogram.ts";

/** A second of chirps and noise, which leaves no band empty. */
function sounds(rate: number, seed: number): Float32Array {
  const rng = new Rng(seed);
  const [from, to] = [rng.uniform(50, 500), rng.uniform(1000, rate / 3)];
  return Float32Array.from({ length: rate }, (_, at) => {
    const time = at / rate;
    return 0.4 * Math.sin(2 * Math.PI * (from + (to - from) * time * time) * time) + rng.normal(0.01, 0.05);
  });
}

/** The largest difference of `[bands, frames]` from their `[frames, bands]`, or from the same order. */
function furthest(ours: Float32Array, theirs: ArrayLike<number>, placeOf: (at: number) => number): number {
  assert.equal(ours.length, theirs.length);
  return ours.reduce((most, value, at) => Math.max(most, Math.abs(value - theirs[placeOf(at)]!)), 0);
}

test("kaldi: the numbers of transformers.js' extractor for AST", async () => {
  const { of, frames } = spectrogram({ convention: "kaldi", rate: 16000, bands: 128 });
  const count = frames(16000);
  const config = { sampling_rate: 16000, num_mel_bins: 128, max_length: count, do_normalize: false, mean: 0, std: 1 };
  const extract = new ASTFeatureExtractor(config);
  for (let seed = 0; seed < 5; seed++) {
    const wave = sounds(16000, seed);
    const { input_values: theirs } = await extract._call(wave);
    const place = (at: number) => (at % count) * 128 + Math.floor(at / count);
    assert.ok(furthest(of(wave), theirs.data as Float32Array, place) < 1e-4);
  }
});

test("whisper: the numbers of transformers.js' extractor, which drops the last frame", async () => {
  const { of, frames } = spectrogram({ convention: "whisper", rate: 16000, bands: 80 });
  const wave = sounds(16000, 7);
  const config = {
    sampling_rate: 16000,
    feature_size: 80,
    n_fft: 400,
    hop_length: 160,
    n_samples: 16000,
    nb_max_frames: 100,
  };
  const { input_features: theirs } = await new WhisperFeatureExtractor(config)._call(wave);
  const count = frames(16000);
  assert.equal(count, 101);
  const ours = of(wave).filter((_, at) => at % count < count - 1);
  assert.ok(furthest(ours, theirs.data as Float32Array, (at) => at) < 1e-4);
});

test("librosa: the numbers of torchaudio with zeros around, Slaney's mel and a range of 80 dB", async () => {
  const fixture = JSON.parse(await readFile(new URL("../../../fixtures/torch/sound.json", import.meta.url), "utf8"));
  const { of, frames } = spectrogram({ convention: "librosa", rate: 16000, bands: fixture.librosa.bands });
  const wave = Float32Array.from(fixture.sound as number[]);
  assert.equal(frames(wave.length), fixture.librosa.frames);
  assert.ok(furthest(of(wave), fixture.librosa.result, (at) => at) < 1e-3);
});

test("a sound shorter than a frame has no frames, silence is the floor", () => {
  const { of, frames } = spectrogram({ convention: "kaldi", rate: 16000, bands: 8 });
  assert.equal(frames(399), 0);
  assert.deepEqual([...of(new Float32Array(399))], []);
  assert.ok(of(new Float32Array(400)).every((value) => Math.abs(value - Math.log(1.192092955078125e-7)) < 1e-5));
});
