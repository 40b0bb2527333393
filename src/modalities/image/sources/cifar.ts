import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../../foundation/errors.ts";
import { fileError } from "../../../foundation/files.ts";
import type { ArrayManifest } from "./array.ts";

const SIDE = 32;
const PLANE = SIDE * SIDE;
/** CIFAR-10 has one label byte per row, CIFAR-100 a coarse and a fine one. */
const layouts = [
  { labelBytes: 1, names: "batches.meta.txt" },
  { labelBytes: 2, names: "fine_label_names.txt" },
];

const layoutOf = (bytes: number) =>
  bytes > 0 ? layouts.find(({ labelBytes }) => bytes % (labelBytes + 3 * PLANE) === 0) : undefined;

/** Whether a file of a folder is read with the others: a training batch, or the names of the classes. */
export const isCifarPart = (name: string): boolean =>
  TRAINING.test(name) || layouts.some(({ names }) => names === name) || name === "coarse_label_names.txt";

const TRAINING = /^(data_batch_\d+|train)\.bin$/;

/** The files at a path: itself, or the training batches of a folder. */
async function filesOf(path: string): Promise<string[]> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile()) return path.endsWith(".bin") ? [path] : [];
  if (!info) return [];
  const names = (await readdir(path)).filter((name) => TRAINING.test(name)).sort();
  return names.map((name) => join(path, name));
}

export async function isCifar(path: string): Promise<boolean> {
  const [first] = await filesOf(path);
  return first !== undefined && layoutOf((await stat(first)).size) !== undefined;
}

/** The binary version of CIFAR-10 or CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html): a file or the folder. */
export async function openCifar(path: string): Promise<ArrayManifest> {
  const files = await filesOf(path);
  const contents = await Promise.all(
    files.map((file) =>
      readFile(file).catch((error: unknown) => {
        throw fileError(file, "read", error);
      }),
    ),
  );
  const layout = layoutOf(contents[0]?.length ?? 0);
  if (!layout) throw new UserError(`${path}: not CIFAR's binary format`);
  const { labelBytes, names } = layout;
  const row = labelBytes + 3 * PLANE;
  const torn = contents.findIndex((content) => content.length % row !== 0);
  if (torn >= 0)
    throw new UserError(`${files[torn]}: ${contents[torn]?.length} bytes are not a whole number of ${row}-byte rows`);
  const count = contents.reduce((sum, content) => sum + content.length / row, 0);
  const pixels = new SharedArrayBuffer(count * 3 * PLANE);
  const interleaved = new Uint8Array(pixels);
  const values = new Uint8Array(count);
  let image = 0;
  for (const bytes of contents)
    for (let start = labelBytes; start < bytes.length; start += row, image++) {
      values[image] = bytes[start - 1]!;
      for (let pixel = 0; pixel < PLANE; pixel++)
        for (let channel = 0; channel < 3; channel++)
          interleaved[(image * PLANE + pixel) * 3 + channel] = bytes[start + channel * PLANE + pixel]!;
    }
  const text = await readFile(join(dirname(files[0]!), names), "utf8").catch(() => "");
  const listed = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  const classes = Array.from({ length: largest + 1 }, (_, value) => listed[value] ?? String(value));
  const labels = { classes, labels: Int32Array.from(values) };
  return { kind: "array", prefix: basename(path), count, width: SIDE, height: SIDE, channels: 3, pixels, labels };
}
