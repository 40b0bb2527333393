import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { tiff } from "../../support/tiff.ts";

const root = await mkdtemp(join(tmpdir(), "autodidact-memory-"));
after(() => rm(root, { recursive: true, force: true }));
const skip = !existsSync("/proc/self/status") && "peaks of memory are read from /proc";

const script = fileURLToPath(new URL("./decode-peak.ts", import.meta.url));
async function peakOf(name: string, file: Uint8Array, ...settings: number[]) {
  const path = join(root, name);
  await writeFile(path, file);
  const { stdout } = await promisify(execFile)(process.execPath, [script, path, ...settings.map(String)]);
  const result: { megabytes: number; errors: string[] } = JSON.parse(stdout);
  return result;
}

/** 34 bytes that claim 16,000 × 16,000 pixels. */
const claim = (side: number) => {
  const file = Buffer.concat([
    Buffer.from("GIF89a"),
    Buffer.alloc(4),
    Buffer.of(0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2c, 0, 0, 0, 0),
    Buffer.alloc(4),
    Buffer.of(0, 2, 2, 0x44, 1, 0, 0x3b),
  ]);
  for (const at of [6, 24]) {
    file.writeUInt16LE(side, at);
    file.writeUInt16LE(side, at + 2);
  }
  return file;
};
const flat = (side: number) => sharp({ create: { width: side, height: side, channels: 3, background: "#336699" } });

/** A small image whose header claims to be larger: what is refused is never read further. */
function claiming(file: Buffer, marker: string, change: (at: number, file: Buffer) => void): Buffer {
  const at = file.indexOf(Buffer.from(marker, "latin1"));
  assert.ok(at >= 0, marker);
  change(at + marker.length, file);
  return file;
}

test("images that take more memory than is allowed are refused before they are decoded", { skip }, async () => {
  const files = {
    "a.gif": claim(16_000),
    "interlaced.png": claiming(await flat(64).png({ progressive: true }).toBuffer(), "IHDR", (at, file) => {
      file.writeUInt32BE(10_000, at);
      file.writeUInt32BE(10_000, at + 4);
      file.writeUInt32BE(crc32(file.subarray(at - 4, at + 13)), at + 13);
    }),
    "progressive.jpg": claiming(await flat(64).jpeg({ progressive: true }).toBuffer(), "\xff\xc2", (at, file) => {
      file.writeUInt16BE(14_000, at + 3);
      file.writeUInt16BE(14_000, at + 5);
    }),
    "lossless.webp": claiming(await flat(64).webp({ lossless: true }).toBuffer(), "VP8L", (at, file) => {
      file.writeUInt32LE(8999 | (8999 << 14), at + 5);
    }),
    "a.avif": claiming(await flat(64).avif({ effort: 0 }).toBuffer(), "ispe", (at, file) => {
      file.writeUInt32BE(4500, at + 4);
      file.writeUInt32BE(4500, at + 8);
    }),
    "planes.tif": tiff({
      ...{ width: 9000, height: 9000, bits: 8, channels: 3, data: new Uint8Array(9) },
      tags: [[284, 3, 2]],
    }),
  };
  for (const [name, file] of Object.entries(files)) {
    const { megabytes, errors } = await peakOf(name, file);
    assert.equal(errors.length, 1, name);
    assert.match(
      errors[0]!,
      /\d+ × \d+ pixels of \w+, which take [\d.]+ [MG]B to decode; 256 MB are allowed \(--max-pixels \d+m would do\)/,
    );
    assert.ok(megabytes < 60, `${name}: ${megabytes} MB`);
  }
});

test("those that can be read row by row are not", { skip }, async () => {
  const files = {
    "rows.png": await flat(7000).png({ compressionLevel: 1 }).toBuffer(),
    "rows.jpg": await flat(8000).jpeg().toBuffer(),
    "rows.tif": await flat(7000).tiff({ compression: "deflate" }).toBuffer(),
  };
  for (const [name, file] of Object.entries(files)) {
    const { megabytes, errors } = await peakOf(name, file, 64, 1, 128);
    assert.deepEqual(errors, [], name);
    assert.ok(megabytes < 90, `${name}: ${megabytes} MB`);
  }
});

test("several at once take no more than the budget of all", { skip }, async () => {
  // Each takes 44 MB and more; as many as there are threads would take 176.
  const { megabytes, errors } = await peakOf("several.gif", claim(3300), 64, 8, 64);
  assert.deepEqual(errors, []);
  assert.ok(megabytes < 130, `${megabytes} MB`);
});

test("a larger allowance decodes what a smaller one refuses", { skip }, async () => {
  const file = claim(4500);
  assert.match((await peakOf("more.gif", file, 64)).errors[0] ?? "", /64 MB are allowed/);
  const { megabytes, errors } = await peakOf("more.gif", file, 256);
  assert.deepEqual(errors, []);
  assert.ok(megabytes < 160, `${megabytes} MB`);
});
