import { type FileHandle, open } from "node:fs/promises";
import { z } from "zod";
import { allocate, type DType, sizeOf, type Tensor } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import { fileError, writeAtomically } from "../foundation/files.ts";

/*
 * The safetensors format (https://github.com/huggingface/safetensors): eight bytes with the length of a JSON header,
 * the header, and the tensors' bytes at the offsets it names. Nothing in it is executable. There is no kept library
 * for it in JavaScript, and the format is this page.
 */

const names: Record<DType, string> = { float32: "F32", int32: "I32", uint32: "U32", bool: "BOOL" };
const dtypes = new Map(Object.entries(names).map(([dtype, name]) => [name, dtype as DType]));
const bytesPer: Record<DType, number> = { float32: 4, int32: 4, uint32: 4, bool: 1 };

/** A header larger than this is no header. */
const MAX_HEADER = 100_000_000;

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Writes tensors under their names, atomically. @throws UserError when the file cannot be written */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [name: string, tensor: Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype: names[dtype], shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  }
  const json = JSON.stringify(header);
  // Padded with spaces so that the tensors start at a multiple of eight.
  const text = new TextEncoder().encode(json + " ".repeat((8 - (new TextEncoder().encode(json).length % 8)) % 8));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  await writeAtomically(path, [length, text, ...parts]);
}

/** Reads a whole file. @throws UserError, naming the path, when it is missing, cut short or not safetensors */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  try {
    return await readOpen(file, path);
  } finally {
    await file.close();
  }
}

async function readOpen(file: FileHandle, path: string): Promise<SafetensorsFile> {
  const corrupt = (what: string) => new UserError(`${path}: not a whole safetensors file (${what})`);
  const { size } = await file.stat();
  const take = async (position: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await file.read(bytes, done, length - done, position + done);
      if (bytesRead === 0) throw corrupt("it ends early");
      done += bytesRead;
    }
    return bytes;
  };
  if (size < 8) throw corrupt(`${size} bytes`);
  const headerLength = Number(new DataView((await take(0, 8)).buffer).getBigUint64(0, true));
  if (headerLength > MAX_HEADER || headerLength > size - 8) throw corrupt("its header is longer than the file");
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await take(8, headerLength)));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw corrupt("its header is not JSON");
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(header);
  if (!parsed.success) throw corrupt("its header is no object");
  const { __metadata__: meta = {}, ...entries } = parsed.data;
  const metadata = z.record(z.string(), z.string()).safeParse(meta);
  if (!metadata.success) throw corrupt("its metadata are not strings");

  const tensors = new Map<string, Tensor>();
  for (const [name, value] of Object.entries(entries)) {
    const entry = entrySchema.safeParse(value);
    if (!entry.success) throw corrupt(`the entry of ${name}`);
    const [start, end] = entry.data.data_offsets;
    const dtype = dtypes.get(entry.data.dtype);
    if (!dtype) throw new UserError(`${path}: ${name} has type ${entry.data.dtype}, which is not supported`);
    const { shape } = entry.data;
    if (end - start !== sizeOf(shape) * bytesPer[dtype]) throw corrupt(`the size of ${name}`);
    if (end > size - 8 - headerLength) throw corrupt(`${name} lies behind its end`);
    const data = allocate(dtype, sizeOf(shape));
    new Uint8Array(data.buffer).set(await take(8 + headerLength + start, end - start));
    tensors.set(name, { dtype, shape, data });
  }
  return { tensors, metadata: metadata.data };
}
