import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { decode } from "../../../src/pixels/decode/decode.ts";
import { tiff } from "../../support/tiff.ts";

const [WIDTH, HEIGHT] = [24, 20];
const size = { width: WIDTH, height: HEIGHT };
const samples = (channels: number, most = 65_535) =>
  Uint16Array.from({ length: WIDTH * HEIGHT * channels }, (_, at) => (at * 7919) % (most + 1));
const kept = (file: Uint8Array, shortSide?: number) => decode(file, shortSide, undefined, { depth: true });
const bytesOf = ({ buffer }: Uint16Array | Float32Array | Int16Array | Uint32Array) => new Uint8Array(buffer);

test("samples of 16 bits are kept as they are: grey and colour, PNG and TIFF", async () => {
  for (const channels of [1, 3] as const) {
    const values = samples(channels);
    const png = await sharp(values, { raw: { ...size, channels } })
      .toColourspace(channels === 1 ? "grey16" : "rgb16")
      .png()
      .toBuffer();
    for (const file of [png, tiff({ ...size, bits: 16, channels, data: bytesOf(values) })])
      assert.deepEqual(await kept(file), { ...size, channels, data: values });
  }
});

test("samples of 12 bits in 16 are no longer refused as dark, and keep their values", async () => {
  const values = samples(1, 4095);
  const file = tiff({ ...size, bits: 16, data: bytesOf(values) });
  assert.deepEqual((await kept(file)).data, values);
  await assert.rejects(decode(file), /none is above 3,854/);
});

test("other numbers fill the 16 bits by their range", async () => {
  const ramp = Array.from({ length: WIDTH * HEIGHT }, (_, at) => at / (WIDTH * HEIGHT - 1));
  const wanted = Uint16Array.from(ramp, (share) => Math.round(share * 65_535));
  const range = (type: number, least: number, most: number) =>
    [
      [340, type, least],
      [341, type, most],
    ] as const;
  const close = (data: Uint8Array | Uint16Array) => {
    assert.ok(data instanceof Uint16Array);
    data.forEach((value, at) => {
      assert.ok(Math.abs(value - wanted[at]!) <= 1, `${value} instead of ${wanted[at]}`);
    });
  };
  const float = Float32Array.from(ramp);
  close((await kept(tiff({ ...size, bits: 32, sampleFormat: 3, data: bytesOf(float) }))).data);
  const scaled = Float32Array.from(ramp, (share) => 3000 * share - 1000);
  const declared = { ...size, bits: 32, sampleFormat: 3, data: bytesOf(scaled), tags: range(11, -1000, 2000) };
  close((await kept(tiff(declared))).data);
  const whole = Uint32Array.from(ramp, (share) => Math.round(share * 0xff_ff_ff_ff));
  close((await kept(tiff({ ...size, bits: 32, data: bytesOf(whole) }))).data);
  const signed = Int16Array.from(ramp, (share) => Math.round(share * 65_535 - 32_768));
  const short = { ...size, bits: 16, sampleFormat: 2, data: bytesOf(signed), tags: range(8, -32_768, 32_767) };
  close((await kept(tiff(short))).data);
});

test("a large image is shrunk at 16 bits, and bytes stay bytes", async () => {
  const side = 64;
  const values = Uint16Array.from({ length: side * side }, (_, at) => 1000 + 4 * (at % side));
  const small = await kept(tiff({ width: side, height: side, bits: 16, data: bytesOf(values) }), 16);
  assert.ok(small.data instanceof Uint16Array && small.width === 16);
  // The mean of four neighbours, which bytes cannot tell apart.
  small.data.forEach((value, at) => {
    const x = at % 16;
    if (x > 0 && x < 15) assert.ok(Math.abs(value - (1000 + 16 * x + 6)) <= 1, `${value} at ${x}`);
  });
  const grey = await sharp({ create: { ...size, channels: 3, background: "#808080" } })
    .png()
    .toBuffer();
  assert.ok((await kept(grey)).data instanceof Uint8Array);
});
