import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { decode } from "../../../src/modalities/audio/decode.ts";
import { headerOf } from "../../../src/modalities/audio/formats/index.ts";
import { mutants } from "../../support/mutants.ts";

const folder = new URL("../../fixtures/sound/", import.meta.url);
const fixture = (name: string) => readFile(new URL(name, folder));
const readable = (await readdir(folder)).filter((name) => /^tones.*\.(wav|flac|mp3|ogg|opus|aiff)$/.test(name)).sort();

/** The amplitude of a tone, without the ends, where lossy codecs have little. */
function amplitude(wave: Float32Array, rate: number, hertz: number): number {
  let [real, imaginary] = [0, 0];
  const [from, to] = [1600, 6400];
  for (let at = from; at < to; at++) {
    real += wave[at]! * Math.cos((2 * Math.PI * hertz * at) / rate);
    imaginary += wave[at]! * Math.sin((2 * Math.PI * hertz * at) / rate);
  }
  return (2 * Math.hypot(real, imaginary)) / (to - from);
}

test("every format that is read has a fixture", () => assert.equal(readable.length, 11));

for (const name of readable)
  test(`${name}: the mean of both channels' tones, as long as its header says`, async () => {
    const bytes = await fixture(name);
    const { samples, rate, channels } = headerOf(bytes);
    assert.equal(channels, 2);
    const { wave } = await decode(bytes, 16000);
    const seconds = (samples ?? 0) / rate;
    assert.ok(Math.abs(wave.length - seconds * 16000) <= (name.endsWith("mp3") ? 4096 : 1));
    for (const hertz of [440, 1000]) assert.ok(Math.abs(amplitude(wave, 16000, hertz) - 0.0625) < 0.008, `${hertz} Hz`);
    assert.ok(amplitude(wave, 16000, 3000) < 0.002);
  });

for (const name of readable)
  test(`${name}: cut off anywhere it is broken, and says so`, async () => {
    const bytes = await fixture(name);
    // A bare MP3 is a row of frames: without a header, nobody can tell that some are missing at the end.
    const frame = name === "tones-bare.mp3" ? 108 : 0;
    for (const share of [0.02, 0.1, 0.5, 0.9, 0.99]) {
      const length = Math.floor(bytes.length * share);
      const isWhole = frame > 0 && length % frame === 0;
      if (!isWhole) await assert.rejects(decode(bytes.subarray(0, length)), BrokenSample, `${length} bytes`);
    }
  });

test("damaged files are decoded or broken, and nothing else", async () => {
  for (const name of readable)
    for (const mutant of mutants(await fixture(name), 20, 5)) {
      const sound = await decode(mutant, 16000).catch((error: unknown) => {
        assert.ok(error instanceof BrokenSample, `${name}: ${error}`);
        assert.doesNotMatch(error.message, /\n|undefined|\[object/);
      });
      if (sound) assert.ok(sound.wave.length > 0 && sound.wave.every(Number.isFinite));
    }
});

for (const [name, message] of [
  ["tones.m4a", /M4A or MP4, which is not decoded here/],
  ["make.sh", /not sound in WAV/],
] as const)
  test(`${name} is named for what it is`, async () => assert.rejects(decode(await fixture(name)), message));

test("no sound at all, one sample, a value that is no number, an odd rate", async () => {
  const whole = await fixture("tones-float.wav");
  const data = whole.indexOf("data");
  const withData = (bytes: Buffer) => {
    const file = Buffer.concat([whole.subarray(0, data + 8), bytes]);
    file.writeUInt32LE(bytes.length, data + 4);
    return file;
  };
  const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);
  await assert.rejects(decode(Buffer.alloc(0)), /empty file/);
  await assert.rejects(decode(withData(Buffer.alloc(0))), /0 samples|no sound/);
  assert.deepEqual([...(await decode(withData(floats(0.5, 0.25)))).wave], [0.375]);
  await assert.rejects(decode(withData(floats(0.5, 0.25, Number.NaN, 0))), /not finite/);
  const ultrasonic = withData(floats(...Array.from({ length: 7680 }, (_, at) => Math.sin(at))));
  ultrasonic.writeUInt32LE(384_000, whole.indexOf("fmt ") + 12);
  assert.equal((await decode(ultrasonic, 16000)).wave.length, 160);
});
