import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BrokenSample, messageOf } from "../../../foundation/errors.ts";
import { fileError, filesBelow } from "../../../foundation/files.ts";
import { hasImageName } from "../decode.ts";
import type { Entries } from "./entries.ts";

export interface FolderManifest {
  readonly kind: "folder";
  readonly root: string;
  readonly names: readonly string[];
}

/**
 * Image files below a folder, sorted by path; or the one image file that the path names.
 * @throws UserError when the path does not exist or cannot be read
 */
export async function listFolder(path: string): Promise<FolderManifest> {
  const info = await stat(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  if (!info.isDirectory())
    return { kind: "folder", root: dirname(path), names: hasImageName(path) ? [basename(path)] : [] };
  return { kind: "folder", root: path, names: (await filesBelow(path)).filter(hasImageName) };
}

export const folderEntries = ({ root, names }: FolderManifest): Entries => ({
  names,
  bytes: (index) =>
    readFile(join(root, names[index]!)).catch((error: unknown) => {
      throw new BrokenSample(`could not be read (${messageOf(error)})`);
    }),
  close: async () => undefined,
});
