import * as z from "zod";
import { allocate, type DType, sizeOf, type Tensor } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";

/*
 * The safetensors format (https://github.com/huggingface/safetensors): eight bytes with the length of a JSON header,
 * the header, and the tensors' bytes at the offsets that it gives. Nothing in it is executable. JavaScript has no
 * maintained library for it.
 */

const names: Record<DType, string> = { float32: "F32", int32: "I32", uint32: "U32", bool: "BOOL" };
const dtypes = new Map(Object.entries(names).map(([dtype, name]) => [name, dtype as DType]));
/** Half-precision types are read as float32, without loss, and never written. */
const halves = ["F16", "BF16"] as const;
type Half = (typeof halves)[number];
const bytesPer: Record<DType | Half, number> = { float32: 4, int32: 4, uint32: 4, bool: 1, F16: 2, BF16: 2 };

/** Largest header that is accepted, in bytes. */
const MAX_HEADER = 100_000_000;

/** Longest name of a tensor: a path, whose parts become nested objects. */
const LONGEST_NAME = 1000;

const entrySchema = z.object({
  dtype: z.string().max(16),
  shape: z.array(z.int().nonnegative()).max(16),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A file's bytes: on disk, in a browser's storage, in memory. */
export interface Bytes {
  readonly size: number;
  /** Reads from `position` into `into`, perhaps less than fits. @returns the number of bytes; 0 at the end */
  read(into: Uint8Array, position: number): Promise<number>;
}

/** The file's bytes in consecutive parts; the tensors' data is not copied. */
export function encodeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: Tensor]>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const header: [string, unknown][] = [["__metadata__", metadata]];
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    header.push([name, { dtype: names[dtype], shape, data_offsets: [offset, offset + bytes.length] }]);
    offset += bytes.length;
    parts.push(bytes);
  }
  const json = JSON.stringify(Object.fromEntries(header));
  // Padded with spaces so that the tensors start at a multiple of eight.
  const text = new TextEncoder().encode(json + " ".repeat((8 - (new TextEncoder().encode(json).length % 8)) % 8));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return [length, text, ...parts];
}

/** Half-precision floats as float32: IEEE's 16 bits, or the upper half of a float32. */
function widened(half: Half, bits: Uint16Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  if (half === "F16") return Float32Array.from(new Float16Array(bits.buffer));
  return new Float32Array(Uint32Array.from(bits, (upper) => upper << 16).buffer);
}

const corruptAt = (path: string) => (reason: string) =>
  new UserError(`${path}: not a complete safetensors file (${reason})`);

/** Fills `bytes` from a position on. @throws UserError when the file ends early */
async function take(file: Bytes, path: string, bytes: Uint8Array, position: number): Promise<Uint8Array> {
  for (let done = 0; done < bytes.length; ) {
    const count = await file.read(bytes.subarray(done), position + done);
    if (count === 0) throw corruptAt(path)("it ends early");
    done += count;
  }
  return bytes;
}

/** What a file's header says. */
export interface SafetensorsHeader {
  readonly entries: readonly {
    readonly name: string;
    /** Absent for a tensor that is not wanted. */
    readonly dtype?: DType | Half;
    readonly shape: readonly number[];
    /** Of its bytes in the file. */
    readonly from: number;
  }[];
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Decodes a file's header, and checks that it agrees with the file's size.
 * @param path for errors
 * @param isWanted selects tensors; others may be of any type
 * @throws UserError naming the path, when the file is truncated or not safetensors
 */
export async function decodeHeader(
  file: Bytes,
  path: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<SafetensorsHeader> {
  const corrupt = corruptAt(path);
  const { size } = file;
  if (size < 8) throw corrupt(`${size} bytes`);
  const headerLength = Number(
    new DataView((await take(file, path, new Uint8Array(8), 0)).buffer).getBigUint64(0, true),
  );
  if (headerLength > MAX_HEADER || headerLength > size - 8) throw corrupt("its header is longer than the file");
  const text = await take(file, path, new Uint8Array(headerLength), 8);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch {
    throw corrupt("its header is not JSON");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw corrupt("its header is not an object");
  const fields = new Map<string, unknown>(Object.entries(header));
  const metadata = z.record(z.string(), z.string()).safeParse(fields.get("__metadata__") ?? {});
  if (!metadata.success) throw corrupt("its metadata are not strings");
  fields.delete("__metadata__");

  const entries = [...fields].map(([name, value]) => {
    if (name.length > LONGEST_NAME) throw corrupt(`a name of ${name.length} characters`);
    const entry = entrySchema.safeParse(value);
    if (!entry.success) throw corrupt(`the entry of ${name}`);
    const { shape, data_offsets } = entry.data;
    const dtype = dtypes.get(entry.data.dtype) ?? halves.find((half) => half === entry.data.dtype);
    const [start, end] = data_offsets;
    if (!isWanted(name)) return { name, shape, start, end };
    if (!dtype) throw new UserError(`${path}: ${name} has type ${entry.data.dtype}, which is not supported`);
    if (end - start !== sizeOf(shape) * bytesPer[dtype]) throw corrupt(`the size of ${name}`);
    return { name, dtype, shape, start, end };
  });
  // The format allows neither gaps nor overlaps, so any mismatch means a corrupt file.
  let covered = 0;
  for (const { name, start, end } of entries.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== covered) throw corrupt(`${name} does not begin where the tensor before it ends`);
    covered = end;
  }
  const dataLength = size - 8 - headerLength;
  if (covered !== dataLength) throw corrupt(`${dataLength} bytes of tensors, expected ${covered}`);
  return {
    entries: entries.map(({ name, dtype, shape, start }) => ({ name, dtype, shape, from: 8 + headerLength + start })),
    metadata: metadata.data,
  };
}

/**
 * Decodes a file; F16 and BF16 become float32.
 * @param path for errors
 * @param isWanted selects tensors; others may be of any type
 * @throws UserError naming the path, when the file is truncated or not safetensors
 */
export async function decodeSafetensors(
  file: Bytes,
  path: string,
  isWanted: (name: string) => boolean,
): Promise<SafetensorsFile> {
  const { entries, metadata } = await decodeHeader(file, path, isWanted);
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, from } of entries) {
    if (!dtype) continue;
    if (dtype === "F16" || dtype === "BF16") {
      const bits = new Uint16Array(sizeOf(shape));
      await take(file, path, new Uint8Array(bits.buffer), from);
      tensors.set(name, { dtype: "float32", shape, data: widened(dtype, bits) });
    } else {
      const data = allocate(dtype, sizeOf(shape));
      await take(file, path, new Uint8Array(data.buffer), from);
      tensors.set(name, { dtype, shape, data });
    }
  }
  return { tensors, metadata };
}
