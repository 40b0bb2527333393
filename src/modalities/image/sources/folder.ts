import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { BrokenSample, messageOf } from "../../../foundation/errors.ts";
import { fileError } from "../../../foundation/files.ts";
import { hasImageName } from "../decode.ts";
import type { Entries } from "./entries.ts";

export interface FolderManifest {
  readonly kind: "folder";
  readonly root: string;
  readonly names: readonly string[];
}

/**
 * Image files below a folder, sorted by path; or the one image file that the path names.
 * @throws UserError when the path does not exist or may not be read
 */
export async function listFolder(path: string): Promise<FolderManifest> {
  const info = await stat(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  if (!info.isDirectory())
    return { kind: "folder", root: dirname(path), names: hasImageName(path) ? [basename(path)] : [] };
  const items = await readdir(path, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  const names = items
    .filter((item) => (item.isFile() || item.isSymbolicLink()) && hasImageName(item.name) && !item.name.startsWith("."))
    .map((item) => relative(path, join(item.parentPath, item.name)).split(sep).join("/"))
    .sort();
  return { kind: "folder", root: path, names };
}

export const folderEntries = ({ root, names }: FolderManifest): Entries => ({
  names,
  bytes: (index) =>
    readFile(join(root, names[index]!)).catch((error: unknown) => {
      throw new BrokenSample(`could not be read (${messageOf(error)})`);
    }),
  close: async () => undefined,
});
