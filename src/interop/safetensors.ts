import { open } from "node:fs/promises";
import type { Tensor } from "../array/index.ts";
import { fileError, writeAtomically } from "../foundation/files.ts";
import { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from "./safetensors-format.ts";

/** Writes tensors under their names, atomically. @throws UserError when the file cannot be written */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [name: string, tensor: Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeAtomically(path, encodeSafetensors(tensors, metadata));
}

/**
 * Reads a whole file; F16 and BF16 become float32.
 * @param isWanted selects tensors; others may be of any type
 * @throws UserError naming the path, when it is missing, truncated or not safetensors
 */
export async function readSafetensors(
  path: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<SafetensorsFile> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  try {
    const { size } = await file.stat();
    const read = async (into: Uint8Array, position: number) =>
      (await file.read(into, 0, into.length, position)).bytesRead;
    return await decodeSafetensors({ size, read }, path, isWanted);
  } finally {
    await file.close();
  }
}
