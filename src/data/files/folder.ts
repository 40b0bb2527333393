import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOfFiles } from "../../foundation/contents.ts";
import { BrokenSample, messageOf, UserError } from "../../foundation/errors.ts";
import { retried } from "../../foundation/retry.ts";

export interface FolderManifest {
  readonly kind: "folder";
  readonly root: string;
  readonly names: readonly string[];
}

/** Reads the files of a folder. */
export const folderEntries = ({ root, names }: FolderManifest) => ({
  names,
  /** @throws BrokenSample when the file cannot be read; UserError when that may pass, and does not */
  bytes: (index: number): Promise<Uint8Array> => {
    const path = join(root, names[index]!);
    return retried(path, () => readFile(path)).catch((error: unknown) => {
      if (error instanceof UserError) throw error;
      throw new BrokenSample(`could not be read (${messageOf(error)})`);
    });
  },
  contents: () => digestOfFiles(names.map((name) => join(root, name))),
  close: async (): Promise<void> => undefined,
});
