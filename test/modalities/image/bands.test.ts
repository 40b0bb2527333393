import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import sharp from "sharp";
import { Rng } from "../../../src/array/rng.ts";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { image } from "../../../src/modalities/image/index.ts";
import { decode } from "../../../src/pixels/decode/decode.ts";
import type { Image } from "../../../src/pixels/image.ts";
import { colorJitter, toGreyscale } from "../../../src/pixels/transforms/color-jitter.ts";
import { resizedCrop } from "../../../src/pixels/transforms/resize.ts";
import { tiff } from "../../support/tiff.ts";

const SIDE = 20;
const size = { width: SIDE, height: SIDE };
const folder = await mkdtemp(join(tmpdir(), "bands-"));
after(() => rm(folder, { recursive: true }));

/** Bands with ranges of their own, as a satellite's. */
const satellite = (channels: number, seed = 0) =>
  Uint16Array.from({ length: SIDE * SIDE * channels }, (_, at) => {
    const band = at % channels;
    return 100 * (band + 1) + ((Math.floor(at / channels) * (7 + seed)) % (50 * (band + 1)));
  });
const bytesOf = ({ buffer }: Uint16Array | Float32Array) => new Uint8Array(buffer);
const extra = (count: number) => Array.from({ length: count }, () => 0);
const kept = (file: Uint8Array) => decode(file, undefined, undefined, { depth: true, bands: true });
const GREY = [262, 3, 1] as const;

test("every channel of a TIFF is kept as it is: 4 and 13 of 16 bits, bytes, declared colour or grey", async () => {
  for (const channels of [4, 13]) {
    const values = satellite(channels);
    for (const tags of [[], [GREY]]) {
      const file = { ...size, bits: 16, channels, extraSamples: extra(channels - 3), data: bytesOf(values), tags };
      assert.deepEqual(await kept(tiff(file)), { ...size, channels, data: values });
      await assert.rejects(decode(tiff(file)), /channels/);
    }
  }
  for (const [channels, colours] of [
    [2, 1],
    [5, 1],
    [5, 3],
  ] as const) {
    const data = Uint8Array.from({ length: SIDE * SIDE * channels }, (_, at) => (at * 31) % 251);
    const file = tiff({ ...size, bits: 8, channels, extraSamples: extra(channels - colours), data });
    assert.deepEqual(await kept(file), { ...size, channels, data });
    const floats = Float32Array.from(data, (value) => value / 255);
    const deep = tiff({
      ...size,
      bits: 32,
      sampleFormat: 3,
      channels,
      extraSamples: extra(channels - colours),
      data: bytesOf(floats),
    });
    assert.deepEqual(
      (await kept(deep)).data,
      Uint16Array.from(data, (value) => value * 257),
    );
  }
});

test("a large image of bands is shrunk like any other, and transparency does not weigh on colours", async () => {
  const data = Uint8Array.from({ length: SIDE * SIDE * 4 }, (_, at) => [200, 100, 50, 0][at % 4]!);
  const file = tiff({ ...size, bits: 8, channels: 4, extraSamples: [0], data });
  const small = await decode(file, 8, undefined, { bands: true });
  assert.deepEqual([small.width, small.height, ...small.data.subarray(0, 4)], [8, 8, 200, 100, 50, 0]);
});

test("transparency of a PNG is the fourth channel where it is asked for, and white where not", async () => {
  const rgba = Uint8Array.from({ length: SIDE * SIDE * 4 }, (_, at) => [10, 20, 30, (at >> 2) % 256][at % 4]!);
  const png = await sharp(rgba, { raw: { ...size, channels: 4 } })
    .png()
    .toBuffer();
  assert.deepEqual(await decode(png, undefined, undefined, { alpha: true }), { ...size, channels: 4, data: rgba });
  assert.equal((await kept(png)).channels, 3);
});

test("resizing each channel is resizing them together", () => {
  const channels = 5;
  const data = satellite(channels);
  const box = { top: 2, left: 3, width: 13, height: 11 };
  const all = resizedCrop({ ...size, channels, data }, box, 6, 7);
  for (let channel = 0; channel < channels; channel++) {
    const alone = data.filter((_, at) => at % channels === channel);
    const one = resizedCrop({ ...size, channels: 1, data: alone }, box, 6, 7);
    assert.deepEqual(
      all.data.filter((_, at) => at % channels === channel),
      one.data,
    );
  }
});

test("jitter changes channels that are no colours by factors of their own, and never mixes them", () => {
  const channels = 4;
  const data = satellite(channels);
  const strengths = { brightness: 0.4, contrast: 0, saturation: 1, hue: 0.5 };
  const jittered = colorJitter({ ...size, channels, data }, strengths, new Rng(3));
  const factors = Array.from({ length: channels }, (_, channel) => jittered.data[channel]! / data[channel]!);
  assert.equal(new Set(factors.map((factor) => factor.toFixed(2))).size, channels);
  data.forEach((value, at) => {
    assert.ok(Math.abs(jittered.data[at]! - value * factors[at % channels]!) <= 0.02 * value);
  });
  const flat = { ...size, channels, data: data.map((_, at) => 500 + (at % channels)) };
  const contrast = colorJitter(flat, { ...strengths, brightness: 0, contrast: 0.8 }, new Rng(4));
  contrast.data.forEach((value, at) => {
    assert.ok(Math.abs(value - flat.data[at]!) <= 1, "contrast is about each channel's own mean");
  });
  assert.equal(toGreyscale(flat), flat);
});

test("a folder of 13 bands: channels, bits and statistics are found, other files are broken entries, pages show three", async () => {
  const channels = 13;
  const write = (name: string, count: number, seed: number) =>
    writeFile(
      join(folder, name),
      tiff({
        ...size,
        bits: 16,
        channels: count,
        extraSamples: extra(count - 3),
        data: bytesOf(satellite(count, seed)),
      }),
    );
  for (let index = 0; index < 5; index++) await write(`${index}.tif`, channels, index);
  await write("z.tif", 4, 0);
  const opened = await image.open(folder);
  const inferred = await image.infer(opened);
  const options = image.options.parse({ ...inferred, bands: [4, 3, 2] });
  assert.deepEqual([options.channels, options.bits, options.mean?.length, options.std?.length], [13, 11, 13, 13]);
  const source = await image.reopen(opened.manifest, options);
  await assert.rejects(source.read(5), (error: unknown) => {
    assert.ok(error instanceof BrokenSample);
    assert.match(error.message, /4 channels, where 13 are read \(--channels\)/);
    return true;
  });
  const modality = image.build(options);
  const sample = await source.read(0);
  const { shape, data } = modality.tensors(sample).pixels!;
  assert.deepEqual(shape, [channels, SIDE, SIDE]);
  satellite(channels).forEach((value, at) => {
    const band = at % channels;
    const wanted = (value / 2047 - options.mean![band]!) / options.std![band]!;
    assert.ok(Math.abs(data[band * SIDE * SIDE + Math.floor(at / channels)]! - wanted) < 0.02 * (1 + Math.abs(wanted)));
  });
  assert.equal((modality.augment!(sample, new Rng(1)) as Image).channels, channels);
  const shown = await modality.show(sample);
  assert.match(shown.text, /20 × 20 of 13 channels, 16 bits/);
  const reds = shown.picture!.rgb.filter((_, at) => at % 3 === 0);
  assert.ok(Math.min(...reds) === 0 && Math.max(...reds) === 255, "each band is stretched");
  assert.equal("lab" in modality, false, "colorization is refused: no colours");
  await opened.close();
  await source.close();
});
