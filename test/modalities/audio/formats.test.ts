import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { memoryBudget } from "../../../src/foundation/memory.ts";
import { decode } from "../../../src/modalities/audio/decode.ts";
import { headerOf } from "../../../src/modalities/audio/formats/index.ts";
import { givenAudio } from "../../../src/modalities/audio/open.ts";
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

test("files anywhere within other bytes, as in bodies of requests and archives", async () => {
  for (const name of readable) {
    const bytes = await fixture(name);
    const expected = await decode(bytes, 16000);
    for (const offset of [1, 2, 3, 4, 7]) {
      const around = new Uint8Array(bytes.length + 16);
      around.set(bytes, offset);
      const { wave } = await decode(around.subarray(offset, offset + bytes.length), 16000);
      assert.deepEqual(wave, expected.wave, `${name} at ${offset}`);
    }
  }
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
  await assert.rejects(decode(withData(floats(0.5, 0.25, 0, 3e30))), /values such as 1\.500e\+30/);
  const ultrasonic = withData(floats(...Array.from({ length: 7680 }, (_, at) => Math.sin(at))));
  ultrasonic.writeUInt32LE(384_000, whole.indexOf("fmt ") + 12);
  assert.equal((await decode(ultrasonic, 16000)).wave.length, 160);
});

/** A WAV file of one channel. @param codec 1 for whole numbers, 3 for floating point */
function wav(rate: number, codec: number, bits: number, data: Uint8Array): Buffer {
  const header = Buffer.alloc(44);
  header.write("RIFF");
  header.writeUInt32LE(36 + data.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(codec, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE((rate * bits) / 8, 28);
  header.writeUInt16LE(bits / 8, 32);
  header.writeUInt16LE(bits, 34);
  header.write("data", 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

test("64-bit values are read, over several parts", async () => {
  const values = Float64Array.from({ length: 20_000 }, (_, at) => Math.sin(at / 10));
  const { wave } = await decode(wav(16000, 3, 64, new Uint8Array(values.buffer)));
  assert.deepEqual(wave, Float32Array.from(values));
});

test("floating point values that were not scaled are refused, and loud ones are not", async () => {
  const of = (peak: number) =>
    new Uint8Array(Float32Array.from({ length: 100 }, (_, at) => peak * Math.sin(at)).buffer);
  await assert.rejects(decode(wav(16000, 3, 32, of(30_000))), /values such as .*divide by 32768/);
  assert.equal((await decode(wav(16000, 3, 32, of(4)))).wave.length, 100);
});

test("a few bytes that become gigabytes are refused before they are decoded", async () => {
  const slow = wav(1, 1, 16, new Uint8Array(32_000));
  for (const rate of [undefined, 16000])
    await assert.rejects(decode(slow, rate), /a recording of .* GB when it is decoded; 64 MB are allowed|977 MB/);
  const source = givenAudio(await fixture("tones-16.wav"), "tones-16.wav", "", memoryBudget(1000));
  await assert.rejects(source.read(0), /1000 bytes are allowed/);
});

test("recordings that are decoded at a time share one budget", async () => {
  const bytes = await fixture("tones-16.wav");
  const budget = memoryBudget(2 ** 20);
  let [most, taken] = [0, 0];
  const counted = {
    bytes: budget.bytes,
    async take(wanted: number) {
      const giveBack = await budget.take(wanted);
      taken += wanted;
      most = Math.max(most, taken);
      return () => {
        taken -= wanted;
        giveBack();
      };
    },
  };
  const sounds = await Promise.all(Array.from({ length: 20 }, () => decode(bytes, undefined, counted)));
  assert.equal(sounds.length, 20);
  assert.ok(most > 0 && most <= budget.bytes);
  assert.equal(taken, 0);
});
