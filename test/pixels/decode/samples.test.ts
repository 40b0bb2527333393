import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { decode } from "../../../src/pixels/decode/decode.ts";
import { bytesOf as asBytes } from "../../../src/pixels/image.ts";
import { tiff } from "../../support/tiff.ts";

const SIDE = 16;
const ramp = Array.from({ length: SIDE * SIDE }, (_, at) => at);
const bytesOf = (values: Float32Array | Uint32Array | Int16Array | Uint16Array) => new Uint8Array(values.buffer);
const size = { width: SIDE, height: SIDE };
const float = (change: (value: number) => number) =>
  ({ ...size, bits: 32, sampleFormat: 3, data: bytesOf(Float32Array.from(ramp, change)) }) as const;
const int16 = {
  ...size,
  bits: 16,
  sampleFormat: 2,
  data: bytesOf(Int16Array.from(ramp, (v) => 10 * v - 1000)),
} as const;
const uint16 = (factor: number) =>
  ({ ...size, bits: 16, data: bytesOf(Uint16Array.from(ramp, (value) => value * factor)) }) as const;
const range = (type: number, least: number, most: number) =>
  [
    [340, type, least],
    [341, type, most],
  ] as const;

async function isRamp(file: Uint8Array): Promise<void> {
  const image = await decode(file);
  assert.deepEqual([image.width, image.height, image.channels], [SIDE, SIDE, 1]);
  const worst = asBytes(image).reduce((most, value, at) => Math.max(most, Math.abs(value - at)), 0);
  assert.ok(worst <= 1, `off by ${worst}`);
}

const refused = (file: Uint8Array, pattern: RegExp) =>
  assert.rejects(decode(file), (error: unknown) => {
    assert.ok(error instanceof BrokenSample, String(error));
    assert.match(error.message, pattern);
    assert.doesNotMatch(error.message, /\n|vips/i);
    return true;
  });

test("samples of other numbers than bytes are scaled by their bits, their declared range, or 0 … 1", async () => {
  await isRamp(tiff(float((value) => value / 255)));
  await isRamp(tiff(float((value) => value)));
  await isRamp(tiff({ ...size, bits: 32, data: bytesOf(Uint32Array.from(ramp, (value) => value * 0x01010101)) }));
  await isRamp(tiff(uint16(257)));
  await isRamp(tiff({ ...float((value) => 3 * value - 100), tags: range(11, -100, 665) }));
  await isRamp(tiff({ ...int16, tags: range(8, -1000, 1550) }));
  await isRamp(tiff({ ...uint16(16), tags: range(3, 0, 4080) }));
});

test("float colour is scaled as float grey", async () => {
  const data = bytesOf(Float32Array.from({ length: 3 * SIDE * SIDE }, (_, at) => (at % 3) / 2));
  const { data: pixels, channels } = await decode(tiff({ ...size, bits: 32, sampleFormat: 3, channels: 3, data }));
  assert.deepEqual([channels, ...pixels.subarray(0, 3)], [3, 0, 128, 255]);
});

test("samples whose range is not known are refused, with what to do", async () => {
  await refused(tiff(int16), /signed 16-bit samples and no declared range; write the tags SMinSampleValue/);
  await refused(tiff(uint16(16)), /16-bit samples of which none is above 4,080, and no declared range/);
  await refused(tiff(float((value) => value - 9)), /floating-point samples from -9\.00 to 246 and no declared range/);
  await refused(tiff(float((value) => 9 * value)), /from 0\.00 to 2\.30e\+3 and no declared range/);
  await refused(tiff(float((value) => (value === 7 ? Number.NaN : 0.5))), /not numbers/);
  await refused(tiff({ ...int16, tags: range(8, 5, 5) }), /a declared range from 5 to 5/);
  await refused(tiff({ ...int16, tags: [...range(8, -1000, 1550), [262, 3, 0]] }), /where 0 is white/);
  await refused(
    tiff({ ...size, bits: 64, sampleFormat: 3, data: new Uint8Array(8 * SIDE ** 2) }),
    /samples of 64 bits/,
  );
  await refused(tiff({ ...size, bits: 64, sampleFormat: 6, data: new Uint8Array(8 * SIDE ** 2) }), /complex samples/);
});

test("a black 16-bit image is black", async () => {
  const { data } = await decode(tiff(uint16(0)));
  assert.ok(data.every((value) => value === 0));
});

test("a dark 16-bit image with one bright sample is no image of 12 bits, at any size", async () => {
  const side = 64;
  const values = Uint16Array.from({ length: side * side }, (_, at) => (at === 99 ? 65_535 : 300));
  const file = tiff({ width: side, height: side, bits: 16, data: bytesOf(values) });
  for (const shortSide of [side, 4]) assert.equal((await decode(file, shortSide)).data[0], 1);
});

test("channels without a declared meaning are no transparency", async () => {
  const of = (channels: number, extraSamples: number[]) =>
    tiff({ ...size, bits: 8, channels, extraSamples, data: new Uint8Array(channels * SIDE * SIDE).fill(90) });
  await refused(of(4, [0]), /4 channels, one of them of no declared meaning; an image has 1 \(grey\) or 3/);
  await refused(of(2, [0]), /2 channels, one of them of no declared meaning/);
  await refused(of(5, [0, 0]), /5 channels; an image has/);
  await refused(of(7, [0, 0, 0, 0]), /7 channels; an image has/);
  const [grey, colour] = [await decode(of(2, [2])), await decode(of(4, [2]))];
  assert.deepEqual([grey.channels, colour.channels], [1, 3]);
  assert.ok(grey.data[0]! > 190 && colour.data[0]! > 190, "on white");
});

test("of several pages the first is read", async () => {
  const file = tiff({ ...size, bits: 8, data: Uint8Array.from(ramp) }, 3);
  await isRamp(file);
});

test("a compression that cannot be undone is named, and no black image", async () => {
  const of = (compression: number) =>
    tiff({ ...size, bits: 8, data: Uint8Array.from(ramp), tags: [[259, 3, compression]] });
  await refused(of(34_887), /TIFF with LERC compression; write it with LZW/);
  await refused(of(50_000), /TIFF with Zstandard compression/);
  await refused(of(6), /TIFF with old-style JPEG compression/);
  await refused(of(999), /TIFF with unknown \(999\) compression/);
  for (const compression of [5, 7, 8, 50_001]) await refused(of(compression), /damaged TIFF/);
});
