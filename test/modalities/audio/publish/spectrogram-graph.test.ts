/** The spectrogram that is part of a graph against the one that workers compute by fast transforms in float64. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { float32, Rng, type Array as Traced } from "../../../../src/array/index.ts";
import { compile } from "../../../../src/engine/index.ts";
import { spectrogramGraph } from "../../../../src/modalities/audio/publish/spectrogram-graph.ts";
import { conventions, spectrogram } from "../../../../src/modalities/audio/signal/spectrogram.ts";

const SAMPLES = 7000;
/** Values divided by twice these are what encoders read. */
const deviations = { kaldi: 4, whisper: 0.5, librosa: 20 };

for (const convention of conventions)
  for (const [rate, bands] of [
    [16000, 64],
    [16000, 80],
    [11025, 40],
    [22050, 64],
  ] as const)
    test(`${convention} at ${rate} Hz, ${bands} bands`, async () => {
      const rng = new Rng(rate + bands);
      const waves = Array.from({ length: 4 }, (_, row) =>
        Float32Array.from({ length: SAMPLES }, (_unused, at) => {
          const tone = 0.5 * Math.sin((2 * Math.PI * (200 + 900 * row) * at) / rate);
          return (at < SAMPLES / 3 ? 0.1 : 1) * (tone + rng.normal(0, 0.02)) + (row === 3 ? 0.2 : 0);
        }),
      );
      const own = spectrogram({ convention, rate, bands });
      const graph = spectrogramGraph({ convention, rate, bands });
      const batch = float32(
        waves.flatMap((wave) => [...wave]),
        [waves.length, SAMPLES],
      );
      const program = await compile((wave: Traced) => graph(wave), [batch]);
      const { data, shape } = await (await program.run(batch)).read();
      await program.dispose();
      const expected = waves.map((wave) => own.of(wave));
      assert.deepEqual(shape, [waves.length, bands, own.frames(SAMPLES)]);
      const scale = 1 / (2 * deviations[convention]);
      const size = bands * own.frames(SAMPLES);
      let worst = 0;
      for (const [row, map] of expected.entries())
        for (const [at, value] of map.entries())
          worst = Math.max(worst, scale * Math.abs(value - data[row * size + at]!));
      assert.ok(worst < 1e-4, `differs by ${worst}`);
    });
