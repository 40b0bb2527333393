import { access, readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Labels } from "../../../data/labels.ts";
import { messageOf, UserError } from "../../../foundation/errors.ts";
import { fileError } from "../../../foundation/files.ts";
import type { ArrayManifest } from "./array.ts";

const SIZE_LIMIT = 4 * 2 ** 30;

/** Unsigned bytes and their extents. Format: http://yann.lecun.com/exdb/mnist */
async function readIdx(path: string): Promise<{ extents: number[]; data: Uint8Array }> {
  const raw = await readFile(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  const bytes =
    raw[0] === 0x1f && raw[1] === 0x8b
      ? await promisify(gunzip)(raw, { maxOutputLength: SIZE_LIMIT }).catch((error: unknown) => {
          throw new UserError(`${path}: not a whole gzip file (${messageOf(error)})`);
        })
      : raw;
  if (bytes.length < 8 || bytes.readUInt16BE(0) !== 0 || bytes[2] !== 8)
    throw new UserError(`${path}: not an IDX file of bytes`);
  const rank = bytes[3]!;
  if (bytes.length < 4 + 4 * rank) throw new UserError(`${path}: the IDX header is cut short`);
  const extents = Array.from({ length: rank }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis));
  const data = bytes.subarray(4 + 4 * rank);
  const expected = extents.reduce((product, extent) => product * extent, 1);
  if (data.length !== expected)
    throw new UserError(
      `${path}: the IDX header says ${expected} bytes (${extents.join(" × ")}), the file has ${data.length}`,
    );
  return { extents, data };
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
  const pixels = new SharedArrayBuffer(data.length);
  new Uint8Array(pixels).set(data);
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

async function labelsNextTo(path: string, count: number): Promise<Labels | undefined> {
  const name = basename(path).replace("images", "labels").replace(/idx\d/, "idx1");
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
