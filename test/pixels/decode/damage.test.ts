import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { Rng } from "../../../src/array/index.ts";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { decode } from "../../../src/pixels/decode/decode.ts";
import { tiff } from "../../support/tiff.ts";

const SIDE = 128;
const rng = new Rng(7);
const noisy = () =>
  sharp(Buffer.from(Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, at) => (at % SIDE) + rng.integer(0, 20))), {
    raw: { width: SIDE, height: SIDE, channels: 3 },
  });

/** A quarter of the bytes set to zero, or 64 of them to random ones, from `at`, a share of the file. */
const zeroed = (file: Buffer) => Buffer.from(file).fill(0, file.length >> 1, (file.length * 3) >> 2);
const rotten = (file: Buffer, at = 0.5) => {
  const copy = Buffer.from(file);
  copy.set(
    Uint8Array.from({ length: 64 }, () => rng.integer(0, 255)),
    Math.floor(file.length * at),
  );
  return copy;
};

const damaged = (file: Uint8Array, what: string) =>
  assert.rejects(
    decode(file),
    (error: unknown) => {
      assert.ok(error instanceof BrokenSample, `${what}: ${error}`);
      assert.match(error.message, /^not a decodable image \((damaged|truncated) \w+[^\n]*\)$/, what);
      return true;
    },
    what,
  );

test("damage that a decoder notices ends the sample, in every format", async () => {
  const files = {
    png: await noisy().png().toBuffer(),
    "interlaced png": await noisy().png({ progressive: true }).toBuffer(),
    gif: await noisy().gif().toBuffer(),
    lzw: await noisy().tiff({ compression: "lzw" }).toBuffer(),
    deflate: await noisy().tiff({ compression: "deflate", predictor: "none" }).toBuffer(),
    avif: await noisy().avif({ effort: 0 }).toBuffer(),
    jpeg: await noisy().jpeg().toBuffer(),
    "progressive jpeg": await noisy().jpeg({ progressive: true }).toBuffer(),
    webp: await noisy().webp({ lossless: true }).toBuffer(),
  };
  for (const [name, file] of Object.entries(files)) {
    assert.equal((await decode(file)).width, SIDE, name);
    await damaged(file.subarray(0, file.length >> 1), `cut ${name}`);
    if (name !== "webp") await damaged(zeroed(file), `zeroed ${name}`);
  }
  // JPEG of one scan and WebP have no sums to check: what still decodes is whole to every decoder.
  for (const name of ["png", "interlaced png", "gif", "lzw", "deflate", "avif", "progressive jpeg"] as const)
    await damaged(rotten(files[name]), `rotten ${name}`);
});

const chunk = (type: string, data: Uint8Array, sum = true) => {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  if (sum) checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
};

test("harmless warnings do not end it", async () => {
  const png = await noisy().png().toBuffer();
  const [head, rest] = [png.subarray(0, 33), png.subarray(33)];
  const inserted = (type: string, data: string, sum = true) =>
    Buffer.concat([head, chunk(type, Buffer.from(data, "latin1"), sum), rest]);
  const jpegs = [await noisy().jpeg().toBuffer(), await noisy().jpeg({ progressive: true }).toBuffer()];
  /** Padding of zeros before the first marker of a kind. */
  const padded = (jpeg: Buffer, marker: number) => {
    const at = jpeg.indexOf(Buffer.of(0xff, marker));
    return Buffer.concat([jpeg.subarray(0, at), Buffer.alloc(3), jpeg.subarray(at)]);
  };
  const revised = (jpeg: Buffer) => {
    const segment = Buffer.from("\xff\xe0\0\x10JFIF\0\x03\x01\0\0\x01\0\x01\0\0", "latin1");
    const isJfif = jpeg.readUInt16BE(2) === 0xffe0;
    return Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(isJfif ? 20 : 2)]);
  };
  const grey = { width: 64, height: 64, bits: 8, data: new Uint8Array(64 * 64).fill(120) };
  const files: Record<string, Buffer> = {
    "PNG, wrong sum of a comment": inserted("tEXt", "Comment\0hello", false),
    "PNG, spoilt profile": inserted("iCCP", "icc\0\0spoilt"),
    "PNG, spoilt Exif": inserted("eXIf", "nonsense"),
    "PNG, something behind": Buffer.concat([png, Buffer.from("behind")]),
    "JPEG, padding before the frame": padded(jpegs[0]!, 0xc0),
    "JPEG, padding before a code table": padded(jpegs[0]!, 0xc4),
    "JPEG of scans, padding before the frame": padded(jpegs[1]!, 0xc2),
    "JPEG of an unknown revision": revised(jpegs[0]!),
    "JPEG, something behind": Buffer.concat([jpegs[0]!, Buffer.from("behind".repeat(9))]),
    "TIFF, an unknown tag of the wrong kind": tiff({ ...grey, tags: [[296, 11, 0.5]] }),
    "TIFF, wrong length of the data": tiff({ ...grey, tags: [[279, 4, 0]] }),
    "TIFF, a private tag": tiff({ ...grey, tags: [[65_000, 3, 5]] }),
  };
  for (const [name, file] of Object.entries(files))
    await decode(file).catch((error: unknown) => assert.fail(`${name}: ${error}`));
});

const cases = process.env.AUTODIDACT_CASES ?? fileURLToPath(new URL("../../../../shared/cases", import.meta.url));
const folder = join(cases, "damaged");

test("one picture in eight formats, damaged", { skip: !existsSync(folder) && `${folder} is absent` }, async () => {
  const whole: string[] = [];
  for (const name of await readdir(folder)) {
    const isRead = await decode(await readFile(join(folder, name))).then(
      () => true,
      (error: unknown) => {
        assert.ok(error instanceof BrokenSample, `${name}: ${error}`);
        return false;
      },
    );
    if (isRead && !name.startsWith("whole")) whole.push(name);
    if (!isRead) assert.doesNotMatch(name, /^whole/);
  }
  // Without sums, and with as many bits left as the decoder needs.
  assert.deepEqual(whole.sort(), ["rot64_a.jpg", "rot64_a.webp", "rot64_a_lossless.webp", "zeroed_a.webp"]);
});
