import { open } from "node:fs/promises";
import { fileError } from "../../foundation/files.ts";

/** What archives and packed files begin with, in hexadecimal, and how they are unpacked. */
const signatures: readonly (readonly [what: string, offset: number, hex: string, advice: string])[] = [
  ["a zip archive", 0, "504b0304", "unpack it first"],
  ["a tar archive", 257, "7573746172", "unpack it first with tar -xf, or pack its files as zip"],
  ["packed with gzip", 0, "1f8b", "unpack it first with tar -xzf, or gunzip where it is no tar archive"],
  ["packed with bzip2", 0, "425a68", "unpack it first with tar -xjf, or bunzip2 where it is no tar archive"],
  ["packed with xz", 0, "fd377a585a00", "unpack it first with tar -xJf, or unxz where it is no tar archive"],
  ["packed with Zstandard", 0, "28b52ffd", "unpack it first with zstd -d"],
  ["a 7-Zip archive", 0, "377abcaf271c", "unpack it first, or pack its files as zip"],
  ["a RAR archive", 0, "526172211a07", "unpack it first, or pack its files as zip"],
];

/**
 * How a file is packed, by its first bytes, and what to do about it; for files that nothing here reads as they are.
 * @returns undefined for a file that is not packed
 * @throws UserError when it cannot be read
 *
 * @example
 * await packing("photos.tar"); // a tar archive: unpack it first with tar -xf, or pack its files as zip
 */
export async function packing(path: string): Promise<string | undefined> {
  const failed = (error: unknown) => {
    throw fileError(path, "read", error);
  };
  const file = await open(path).catch(failed);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(262), 0, 262, 0).catch(failed);
    const begin = buffer.toString("hex", 0, bytesRead);
    const found = signatures.find(([, offset, hex]) => begin.startsWith(hex, 2 * offset));
    return found && `${found[0]}: ${found[3]}`;
  } finally {
    await file.close();
  }
}
