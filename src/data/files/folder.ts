import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BrokenSample, messageOf } from "../../foundation/errors.ts";

export interface FolderManifest {
  readonly kind: "folder";
  readonly root: string;
  readonly names: readonly string[];
}

/** Reads the files of a folder. */
export const folderEntries = ({ root, names }: FolderManifest) => ({
  names,
  /** @throws BrokenSample when the file cannot be read */
  bytes: (index: number): Promise<Uint8Array> =>
    readFile(join(root, names[index]!)).catch((error: unknown) => {
      throw new BrokenSample(`could not be read (${messageOf(error)})`);
    }),
  close: async (): Promise<void> => undefined,
});
