import { access, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { bytesOf, isGzip } from "../../../data/files/gunzip.ts";
import type { Labels } from "../../../data/labels.ts";
import { UserError } from "../../../foundation/errors.ts";
import type { ArrayManifest } from "./array.ts";

const SIZE_LIMIT = 4 * 2 ** 30;
/** Images in colour: their number, height, width and channels. */
const MOST_AXES = 4;
/** Deflate's best ratio: a longer run of one byte takes no fewer bits. */
const BEST_RATIO = 1032;

/**
 * Unsigned bytes and their extents: the header first, then as many bytes as it promises.
 * Format: http://yann.lecun.com/exdb/mnist
 */
async function readIdx(path: string): Promise<{ extents: number[]; data: Uint8Array<SharedArrayBuffer> }> {
  const isPacked = await isGzip(path);
  const { size } = await stat(path);
  let head = Buffer.alloc(0);
  let extents: number[] | undefined;
  let data = new Uint8Array(new SharedArrayBuffer(0));
  let filled = 0;
  const mismatch = (of: readonly number[], there: string) =>
    new UserError(`${path}: the IDX header says ${productOf(of)} bytes (${of.join(" × ")}), the file has ${there}`);
  for await (const chunk of bytesOf(path, isPacked)) {
    let bytes = chunk;
    if (!extents) {
      head = Buffer.concat([head, chunk]);
      extents = extentsIn(head, path);
      if (!extents) continue;
      const start = 4 + 4 * extents.length;
      const expected = productOf(extents);
      if (!isPacked && expected !== size - start) throw mismatch(extents, String(size - start));
      if (isPacked && expected > BEST_RATIO * size) throw mismatch(extents, `${size}, which cannot unpack to that`);
      if (expected > SIZE_LIMIT) throw new UserError(`${path}: ${expected} bytes, more than ${SIZE_LIMIT}; split it`);
      data = new Uint8Array(new SharedArrayBuffer(expected));
      bytes = head.subarray(start);
    }
    if (filled + bytes.length > data.length) throw mismatch(extents, "more");
    data.set(bytes, filled);
    filled += bytes.length;
  }
  if (!extents) throw new UserError(`${path}: the IDX header is cut short`);
  if (filled < data.length) throw mismatch(extents, String(filled));
  return { extents, data };
}

const productOf = (extents: readonly number[]): number => extents.reduce((product, extent) => product * extent, 1);

/** The extents in an IDX header; undefined while it is incomplete. @throws UserError when it is another format's */
function extentsIn(bytes: Buffer, path: string): number[] | undefined {
  if (bytes.length < 4) return undefined;
  if (bytes.readUInt16BE(0) !== 0 || bytes[2] !== 8) throw new UserError(`${path}: not an IDX file of bytes`);
  const rank = bytes[3]!;
  if (rank > MOST_AXES) throw new UserError(`${path}: an IDX array of ${rank} axes; images have 3 or 4`);
  if (bytes.length < 4 + 4 * rank) return undefined;
  return Array.from({ length: rank }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis));
}

/** Whether the name is that of an IDX file of images. */
const hasIdxName = (path: string): boolean => /idx\d-ubyte(\.gz)?$/.test(basename(path));

/** The IDX file of images at a path: itself, or the training images of a folder. */
export async function idxFileOf(path: string): Promise<string | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile()) return hasIdxName(path) ? path : undefined;
  if (!info) return undefined;
  const names = (await readdir(path)).filter((name) => hasIdxName(name) && name.includes("images")).sort();
  const name = names.find((candidate) => candidate.startsWith("train")) ?? names[0];
  return name && join(path, name);
}

/** An IDX file of images, with the labels next to it by MNIST's naming. */
export async function openIdx(path: string): Promise<ArrayManifest> {
  const { extents, data } = await readIdx(path);
  const [count = 0, height = 0, width = 0, channels = 1] = extents;
  if (extents.length < 3 || extents.length > 4 || (channels !== 1 && channels !== 3) || count * height * width === 0)
    throw new UserError(`${path}: ${extents.join(" × ")} is not an array of images`);
  const pixels = data.buffer;
  return {
    kind: "array",
    prefix: basename(path),
    count,
    width,
    height,
    channels,
    pixels,
    labels: await labelsNextTo(path, count),
  };
}

/** The name of the labels of an IDX file of images. */
export const labelsNameOf = (name: string): string => name.replace("images", "labels").replace(/idx\d/, "idx1");

async function labelsNextTo(path: string, count: number): Promise<Labels | undefined> {
  const name = labelsNameOf(basename(path));
  const file = join(dirname(path), name);
  if (name === basename(path)) return undefined;
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (!exists) return undefined;
  const { data } = await readIdx(file);
  if (data.length !== count) throw new UserError(`${file}: ${data.length} labels for ${count} images`);
  const values = [...new Set(data)].sort((a, b) => a - b);
  return { classes: values.map(String), labels: Int32Array.from(data, (value) => values.indexOf(value)) };
}
