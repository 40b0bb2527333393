import { basename, dirname, join } from "node:path";
import { collectFiles, type Wanted } from "../../../data/files/collection.ts";
import type { LeftOut } from "../../../data/files/left-out.ts";
import { listFiles } from "../../../data/files/listing.ts";
import { unpacked } from "../../../data/files/unpacked.ts";
import type { BrokenSample } from "../../../foundation/errors.ts";
import { FORMATS, formatOf } from "./read.ts";

export const wanted: Wanted = {
  takes: (name) => formatOf(name, false) !== undefined,
  what: "series",
  formats: FORMATS,
};

/** One file of series. */
export interface SeriesFile {
  /** In its folder or archive, with `/` between folders. */
  readonly name: string;
  /** Where it can be read, or why it cannot. */
  readonly path: string | BrokenSample;
  /** What messages call it. */
  readonly shown: string;
}

export interface SeriesFiles extends Disposable {
  /** Whether the user named a folder or an archive, and not the file. */
  readonly isFolder: boolean;
  readonly files: readonly SeriesFile[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * The files of series at a path: the file itself, those of a folder, or of zip archives, which are unpacked until the end of
 * `using`.
 * @param except the table of labels
 * @param most unpacks no more than so many
 * @throws UserError when there are none
 */
export async function filesAt(path: string, except?: string, most = Number.POSITIVE_INFINITY): Promise<SeriesFiles> {
  const { isFolder } = await listFiles(path, wanted.takes, except);
  const nothing = { [Symbol.dispose]: () => undefined };
  if (!isFolder && formatOf(path, true))
    return { ...nothing, isFolder, files: [{ name: basename(path), path, shown: path }], leftOut: [] };
  const { manifest, leftOut } = await collectFiles(path, wanted, except);
  if (manifest.kind === "folder") {
    const root = isFolder ? path : dirname(path);
    const files = manifest.names.map((name) => ({ name, path: join(root, name), shown: join(root, name) }));
    return { ...nothing, isFolder, files, leftOut };
  }
  const { files, [Symbol.dispose]: dispose } = await unpacked(manifest, most);
  return {
    isFolder: true,
    files: files.map((file) => ({ ...file, shown: `${path}: ${file.name}` })),
    leftOut,
    [Symbol.dispose]: dispose,
  };
}
