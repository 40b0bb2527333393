import { type FileHandle, open } from "node:fs/promises";
import { crc32c } from "@node-rs/crc32";
import type { Tensor, TensorSpec } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import { fileError, writeAtomically } from "../foundation/files.ts";
import {
  type Bytes,
  decodeHeader,
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsFile,
  type SafetensorsHeader,
} from "./safetensors-format.ts";

/** Key of the digest among the metadata. */
const DIGEST = "autodidact.digest";

/** CRC-32C of the metadata and of the tensors by name, with their types, shapes and values. */
function digestOf(
  tensors: Iterable<readonly [name: string, tensor: Tensor]>,
  metadata: Readonly<Record<string, string>>,
): string {
  const byName = (a: readonly [string, unknown], b: readonly [string, unknown]) => (a[0] < b[0] ? -1 : 1);
  let digest = crc32c(JSON.stringify(Object.entries(metadata).sort(byName)));
  for (const [name, { dtype, shape, data }] of [...tensors].sort(byName)) {
    digest = crc32c(JSON.stringify([name, dtype, shape]), digest);
    digest = crc32c(Buffer.from(data.buffer, data.byteOffset, data.byteLength), digest);
  }
  return digest.toString(16).padStart(8, "0");
}

/** Writes tensors under their names, atomically, with a digest. @throws UserError when the file cannot be written */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [name: string, tensor: Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
  ready?: () => Promise<void>,
): Promise<void> {
  const all = [...tensors];
  await writeAtomically(path, encodeSafetensors(all, { ...metadata, [DIGEST]: digestOf(all, metadata) }), ready);
}

/** A file that was read. */
export interface ReadSafetensors extends SafetensorsFile {
  /** Whether it has a digest, and so is what `writeSafetensors` wrote; other programs write none. */
  readonly isSealed: boolean;
}

async function withFile<Result>(path: string, use: (file: Bytes) => Promise<Result>): Promise<Result> {
  const handle: FileHandle = await open(path, "r").catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  try {
    const { size } = await handle.stat();
    const read = async (into: Uint8Array, position: number) =>
      (
        await handle.read(into, 0, into.length, position).catch((error: unknown) => {
          throw fileError(path, "read", error);
        })
      ).bytesRead;
    return await use({ size, read });
  } finally {
    await handle.close();
  }
}

/**
 * Reads a whole file; F16 and BF16 become float32.
 * @param isWanted selects tensors; others may be of any type
 * @throws UserError naming the path, when it is missing, truncated, not safetensors, or differs from its digest
 */
export async function readSafetensors(
  path: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<ReadSafetensors> {
  let isWhole = true;
  const wanted = (name: string): boolean => {
    const isOne = isWanted(name);
    isWhole &&= isOne;
    return isOne;
  };
  const { tensors, metadata: all } = await withFile(path, (file) => decodeSafetensors(file, path, wanted));
  const { [DIGEST]: digest, ...metadata } = all;
  // The digest is that of all tensors.
  if (isWhole && digest !== undefined && digest !== digestOf(tensors, metadata))
    throw new UserError(`${path}: damaged: its content is not what was written (the digest differs)`);
  return { tensors, metadata, isSealed: digest !== undefined };
}

/** The tensors' types and shapes by name, from the header alone. @throws UserError as `readSafetensors`, but for the digest */
export async function readSpecs(path: string): Promise<ReadonlyMap<string, TensorSpec>> {
  const { entries } = await withFile(path, (file) => decodeHeader(file, path));
  const typed = (dtype: SafetensorsHeader["entries"][number]["dtype"]) =>
    dtype === undefined || dtype === "F16" || dtype === "BF16" ? "float32" : dtype;
  return new Map(entries.map(({ name, dtype, shape }) => [name, { dtype: typed(dtype), shape }]));
}
