import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { decode } from "../../../src/pixels/decode/decode.ts";
import type { Image } from "../../../src/pixels/image.ts";

const solid = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } });
const noise = (side: number) =>
  sharp(Buffer.from(Uint8Array.from({ length: side * side * 3 }, (_, at) => (at * 7919) % 251)), {
    raw: { width: side, height: side, channels: 3 },
  });
const first = ({ data, channels }: Image) => [...data.subarray(0, channels)];
const near = (got: number[], wanted: number[], tolerance = 3) => {
  assert.equal(got.length, wanted.length);
  got.forEach((value, at) => {
    assert.ok(Math.abs(value - wanted[at]!) <= tolerance, `${got} is not ${wanted}`);
  });
};

/** A white image of one bit per pixel, which is quick to write at any size. */
function whitePng(width: number, height: number): Buffer {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    checksum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, checksum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const row = Buffer.alloc(1 + Math.ceil(width / 8), 0xff).fill(0, 0, 1);
  const rows = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)), { level: 1 });
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", new Uint8Array(0))]);
}

test("JPEG, PNG, WebP and GIF come out as RGB", async () => {
  const colour = solid(5, 3, "#c86432");
  for (const bytes of [
    await colour.clone().jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer(),
    await colour.clone().png().toBuffer(),
    await colour.clone().webp({ lossless: true }).toBuffer(),
    await colour.clone().gif().toBuffer(),
  ]) {
    const image = await decode(bytes);
    assert.deepEqual([image.width, image.height, image.channels, image.data.length], [5, 3, 3, 45]);
    near(first(image), [200, 100, 50]);
  }
});

test("grey stays grey, at 8 and at 16 bits", async () => {
  for (const space of ["b-w", "grey16"]) {
    const image = await decode(await solid(4, 4, "#808080").toColourspace(space).png().toBuffer());
    assert.equal(image.channels, 1);
    near(first(image), [128], 1);
  }
});

test("16-bit colour becomes 8-bit colour", async () => {
  near(first(await decode(await solid(4, 4, "#c86432").toColourspace("rgb16").png().toBuffer())), [200, 100, 50]);
});

test("CMYK becomes sRGB", async () => {
  const bytes = await solid(8, 8, "#c86432").toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
  assert.equal((await sharp(bytes).metadata()).space, "cmyk");
  const image = await decode(bytes);
  assert.equal(image.channels, 3);
  // The gamut is narrower and the profile a general one: the colour is near, no more.
  near(first(image), [200, 100, 50], 60);
});

test("transparency lies on white", async () => {
  const clear = await sharp({
    create: { width: 2, height: 2, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
  })
    .png()
    .toBuffer();
  near(first(await decode(clear)), [255, 255, 255], 0);
});

test("the camera's orientation is applied", async () => {
  const upright = Buffer.from([255, 0, 0, 0, 0, 255]);
  const bytes = await sharp(upright, { raw: { width: 2, height: 1, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer();
  const image = await decode(bytes);
  // 6: to be turned a quarter clockwise, so what was left is above.
  assert.deepEqual([image.width, image.height, first(image)], [1, 2, [255, 0, 0]]);
});

test("one pixel", async () => {
  const image = await decode(await solid(1, 1, "#ffffff").png().toBuffer());
  assert.deepEqual(image, { width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 255, 255) });
});

test("larger images are shrunk to the given short side, smaller ones are unchanged", async () => {
  const bytes = await solid(64, 32, "#336699").jpeg().toBuffer();
  const shrunk = await decode(bytes, 16);
  assert.deepEqual([shrunk.width, shrunk.height], [32, 16]);
  const kept = await decode(bytes, 100);
  assert.deepEqual([kept.width, kept.height], [64, 32]);
});

test("the area of a long narrow image is limited to sixteen squares", async () => {
  const strip = await sharp({ create: { width: 64, height: 4096, channels: 3, background: "white" } })
    .png()
    .toBuffer();
  const { width, height } = await decode(strip, 64);
  assert.ok(width * height <= 16.5 * 64 ** 2 && width < 64, `${width} × ${height}`);
  assert.equal((await decode(strip, 512)).width, 64);
});

test("20,000 × 20,000 pixels are read, one more is refused", async () => {
  const image = await decode(whitePng(20_000, 20_000), 64);
  assert.deepEqual([image.width, image.height, image.channels], [64, 64, 1]);
  await assert.rejects(decode(whitePng(20_001, 20_000)), /more than 400 million pixels/);
});

test("broken files say in one line what is wrong", async () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ["cut JPEG", (await noise(200).jpeg().toBuffer()).subarray(0, 4000), /truncated JPEG/],
    ["head of a JPEG", (await noise(200).jpeg().toBuffer()).subarray(0, 100), /truncated JPEG/],
    ["cut PNG", (await noise(200).png().toBuffer()).subarray(0, 2000), /truncated PNG/],
    ["cut WebP", (await noise(200).webp().toBuffer()).subarray(0, 2000), /truncated WebP/],
    ["text", Buffer.from("this — is no image\n"), /text, not an image/],
    ["nothing", new Uint8Array(0), /empty file/],
    ["bytes", Uint8Array.from({ length: 64 }, (_, at) => at), /unsupported image format/],
  ];
  for (const [name, bytes, reason] of cases)
    await assert.rejects(decode(bytes), (error: unknown) => {
      assert.ok(error instanceof BrokenSample, name);
      assert.match(error.message, reason, name);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
});
