import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { unzipSync, zipSync } from "fflate";
import type { Rng } from "../../src/array/rng.ts";
import { binary, extreme } from "./binary.ts";
import { type Mutation, pick, randomBytes, replaced } from "./mutation.ts";
import { changedJson } from "./texts.ts";

/** Mutants that pass a format's own checks, so that they reach the code behind them. */

/** Writes an extreme number at one of some places. */
const atOneOf =
  (places: (bytes: Buffer) => readonly number[]): Mutation =>
  (bytes, rng) => {
    const found = places(bytes);
    const number = extreme(rng);
    return found.length === 0 ? bytes : replaced(bytes, pick(rng, found), number.length, number);
  };

/** Changes one chunk of a PNG and mends its checksum. */
const pngChunk: Mutation = (bytes, rng, other) => {
  const chunks: { at: number; length: number }[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks.push({ at, length });
    at += 12 + length;
  }
  const { at, length } = rng.chance(0.4) ? chunks[0]! : pick(rng, chunks);
  const type = bytes.subarray(at + 4, at + 8);
  const data = pick(rng, binary)(bytes.subarray(at + 8, at + 8 + length), rng, other);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(Buffer.concat([type, data])));
  return replaced(bytes, at, 12 + length, Buffer.concat([head, type, data, check]));
};

/** Where a JPEG's frames say how large and how deep it is. */
const jpegFrame = atOneOf((bytes) => {
  const found: number[] = [];
  for (let at = 2; at + 9 < bytes.length; at++)
    if (bytes[at] === 0xff && [0xc0, 0xc2, 0xc4, 0xda, 0xdb].includes(bytes[at + 1]!))
      found.push(at + 2, at + 4, at + 5, at + 7, at + 9);
  return found;
});

/** The fields of a TIFF's first directory: type, count and value. */
const tiffField = atOneOf((bytes) => {
  if (bytes.length < 8) return [];
  const start = bytes.readUInt32LE(4);
  if (start + 2 > bytes.length) return [];
  return Array.from({ length: bytes.readUInt16LE(start) }, (_, field) => start + 2 + 12 * field).flatMap((at) => [
    ...[at, at + 2, at + 4, at + 8],
  ]);
});

export const png: readonly Mutation[] = [...Array.from({ length: 8 }, () => pngChunk), ...binary];
export const jpeg: readonly Mutation[] = [...Array.from({ length: 3 }, () => jpegFrame), ...binary];
export const tiff: readonly Mutation[] = [...Array.from({ length: 5 }, () => tiffField), ...binary];

let bomb: Buffer | undefined;

/** Unpacks to another 256 MiB. */
const swollen: Mutation = (bytes, rng) => {
  bomb ??= gzipSync(Buffer.alloc(256 << 20), { level: 1 });
  return Buffer.concat([bytes, ...Array.from({ length: rng.integer(1, 8) }, () => bomb!)]);
};

/** Packed again after what is inside was changed. @param inside what to do there */
export const gzipped = (inside: readonly Mutation[]): readonly Mutation[] => [
  ...Array.from(
    { length: 9 },
    (): Mutation => (bytes, rng, other) =>
      gzipSync(pick(rng, inside)(gunzipSync(bytes), rng, gunzipSync(other)), { level: 1 }),
  ),
  swollen,
  ...binary,
];

const zipEntry: Mutation = (bytes, rng, other) => {
  const files = unzipSync(bytes);
  const names = Object.keys(files);
  const name = pick(rng, names);
  const content = pick(rng, binary)(Buffer.from(files[name]!), rng, other);
  const changed = pick(rng, [
    name,
    name,
    `../../${name}`,
    `/${name}`,
    `${"d/".repeat(2000)}${name}`,
    `\u001b[2J${name}`,
  ]);
  return Buffer.from(zipSync({ ...files, [changed]: content }, { level: pick(rng, [0, 6] as const) }));
};

const CENTRAL = 0x02014b50;

/** Offsets of the records of the archive's directory. */
function zipRecords(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + 46 <= bytes.length; at++) if (bytes.readUInt32LE(at) === CENTRAL) found.push(at);
  return found;
}

/** Sizes, offsets, flags and compression in the archive's directory. */
const zipField = atOneOf((bytes) =>
  zipRecords(bytes).flatMap((at) => [4, 8, 10, 16, 20, 24, 28, 30, 32, 34, 42].map((field) => at + field)),
);

/** A directory whose records, thousands of them, share the archive's entries. */
const zipOverlap: Mutation = (bytes, rng) => {
  const [first] = zipRecords(bytes);
  const end = bytes.length - 22;
  if (first === undefined || end <= first) return bytes;
  const copies = pick(rng, [2, 100, 2000]);
  const directory = bytes.subarray(first, end);
  const total = directory.length * copies;
  const trailer = Buffer.from(bytes.subarray(end));
  const records = Math.min(0xffff, zipRecords(bytes).length * copies);
  trailer.writeUInt16LE(records, 8);
  trailer.writeUInt16LE(records, 10);
  trailer.writeUInt32LE(total, 12);
  return Buffer.concat([bytes.subarray(0, first), ...Array.from({ length: copies }, () => directory), trailer]);
};

export const zip: readonly Mutation[] = [
  zipEntry,
  zipEntry,
  zipEntry,
  zipField,
  zipField,
  zipField,
  zipOverlap,
  ...binary,
];

/** Where headers of a tar archive are, by the sizes in it. */
function tarHeaders(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + 512 <= bytes.length; ) {
    if (bytes.toString("latin1", at + 257, at + 262) !== "ustar") return found;
    found.push(at);
    const size = Number.parseInt(bytes.toString("latin1", at + 124, at + 135), 8);
    if (!(size >= 0)) return found;
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return found;
}

/** Changes a field of a header, and mends its sum. */
const tarField: Mutation = (bytes, rng) => {
  const found = tarHeaders(bytes);
  if (found.length === 0) return bytes;
  const at = pick(rng, found);
  const changed = Buffer.from(bytes);
  const field = rng.integer(0, 4);
  if (field === 0)
    changed.write(pick(rng, ["77777777777\0", "00000000000\0", "00000001001\0", "-1         \0"]), at + 124, "latin1");
  else if (field === 1)
    pick(rng, [Buffer.alloc(12, 0xff), Buffer.from("807fffffffffffffffffffff", "hex")]).copy(changed, at + 124);
  else if (field === 2)
    changed.write(pick(rng, ["L", "K", "x", "g", "S", "2", "5", "7", "V", "\xff"]), at + 156, "latin1");
  else changed.write(pick(rng, ["../../x.png\0", "/etc/x.png\0", "a\\b.png\0", "\xff.png\0", "\0"]), at, "latin1");
  changed.write("        ", at + 148, "latin1");
  const sum = changed.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
  changed.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
  return changed;
};

/** Cuts the archive off, or repeats a part of it. */
const tarParts: Mutation = (bytes, rng) =>
  rng.chance(0.5)
    ? bytes.subarray(0, rng.integer(0, bytes.length))
    : Buffer.concat([bytes.subarray(0, 512 * rng.integer(0, bytes.length / 512)), bytes]);

export const tar: readonly Mutation[] = [tarField, tarField, tarField, tarField, tarParts, ...binary];

/** Changes the header, and its length with it. */
const safetensorsHeader: Mutation = (bytes, rng) => {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = Buffer.from(changedJson(bytes.subarray(8, 8 + length).toString("utf8"), rng) ?? "");
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([head, header, bytes.subarray(8 + length)]);
};

export const safetensors: readonly Mutation[] = [...Array.from({ length: 6 }, () => safetensorsHeader), ...binary];

/** Parquet's footer, where all lengths and offsets are. */
const parquetFooter: Mutation = (bytes, rng, other) => {
  const start = Math.max(4, bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8));
  const footer = pick(rng, binary)(bytes.subarray(start, -8), rng, other);
  const trailer = Buffer.alloc(8, "\0\0\0\0PAR1", "latin1");
  trailer.writeUInt32LE(footer.length);
  return Buffer.concat([bytes.subarray(0, start), footer, trailer]);
};

export const parquet: readonly Mutation[] = [...Array.from({ length: 5 }, () => parquetFooter), ...binary];

/** An IDX header: its type, its number of axes, its extents. */
export const idx: readonly Mutation[] = [
  atOneOf(() => [2, 3, 4, 6, 8, 12]),
  atOneOf(() => [3, 4, 8, 12]),
  (bytes: Buffer, rng: Rng) => replaced(bytes, 4, 4, randomBytes(4, rng)),
  ...binary,
];
