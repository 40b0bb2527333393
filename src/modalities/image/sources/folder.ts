import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BrokenSample, messageOf } from "../../../foundation/errors.ts";
import type { Entries } from "./entries.ts";

export interface FolderManifest {
  readonly kind: "folder";
  readonly root: string;
  readonly names: readonly string[];
}

export const folderEntries = ({ root, names }: FolderManifest): Entries => ({
  names,
  bytes: (index) =>
    readFile(join(root, names[index]!)).catch((error: unknown) => {
      throw new BrokenSample(`could not be read (${messageOf(error)})`);
    }),
  close: async () => undefined,
});
