import { join } from "node:path";
import { type FolderManifest, folderEntries } from "./folder.ts";
import { type LeftOut, Tally } from "./left-out.ts";
import { type Listing, listFiles, nothingTaken, type Takes } from "./listing.ts";
import { type ParquetManifest, parquetEntries } from "./parquet.ts";
import { type RangesManifest, rangeEntries } from "./ranges.ts";
import { isTar, isTarName, listTars, type TarManifest, tarEntries } from "./tars.ts";
import { isZip, isZipName, listZips, type ZipManifest, zipEntries } from "./zip.ts";

/** Files by index: in a folder, in archives, in a column of Parquet, one after the other in a file. */
export interface Entries {
  readonly names: readonly string[];
  /** @throws BrokenSample when the file cannot be read; UserError when that may pass, and does not */
  bytes(index: number): Promise<Uint8Array>;
  /** Digest of all of them, in order; see `Source`. */
  contents(): Promise<string>;
  close(): Promise<void>;
}

/** Where the files are; structured-cloneable. */
export type FilesManifest = FolderManifest | ZipManifest | TarManifest | RangesManifest | ParquetManifest;

export interface Collection {
  readonly manifest: FolderManifest | ZipManifest | TarManifest;
  readonly leftOut: readonly LeftOut[];
  /**
   * Labels that lie with the files, where folders are not all there is to say of them; undefined if there are none.
   * @param field of a record, or column, with the labels
   */
  labels?(field?: string): Promise<readonly (string | undefined)[] | undefined>;
}

/** Files of one kind of data. */
export interface Wanted {
  readonly takes: Takes;
  /** What they are: `images`. */
  readonly what: string;
  /** What is read, for messages: `JPEG, PNG, WebP …`. */
  readonly formats: string;
}

/**
 * The files of a kind of data at a path: the one file, those below a folder, or, where a folder has none, those in its zip
 * archives or, without those, in its tar archives.
 * @param except a file that is neither taken nor counted: the table of labels
 * @throws UserError when there are none, with what is there instead
 *
 * @example
 * const { manifest, leftOut } = await collectFiles("recordings/", { takes, what: "recordings", formats: "WAV, FLAC" });
 * const entries = filesOf(manifest);
 */
export async function collectFiles(path: string, wanted: Wanted, except?: string): Promise<Collection> {
  const files = await listFiles(path, wanted.takes, except);
  const { root, names, leftOut } = files;
  if (names.length > 0) return { manifest: { kind: "folder", root, names }, leftOut };
  const archives = await archivesOf(path, files);
  const { what, formats } = wanted;
  const place = files.isFolder ? "folder" : "file";
  if (!archives) throw nothingTaken(path, place, what, formats, files);
  const found = await listArchives(archives, wanted.takes);
  const tally = new Tally();
  tally.addAll([...found.leftOut, ...leftOut.filter((others) => !found.endings.includes(others.what))]);
  if (found.manifest.entries.length === 0)
    throw nothingTaken(path, files.isFolder ? place : "archive", what, formats, { ...found, leftOut: tally.leftOut });
  const { manifest, labels } = found;
  return { manifest, leftOut: tally.leftOut, ...(labels ? { labels } : {}) };
}

/**
 * Whether a path holds files of a kind of data, or archives that may.
 * @throws UserError when it holds files of this kind that cannot be read here
 */
export async function recognisesFiles(path: string, wanted: Wanted): Promise<boolean> {
  const files = await listFiles(path, wanted.takes);
  if (files.names.length > 0) return true;
  const archives = await archivesOf(path, files);
  if (archives) {
    const { manifest, unfit } = await listArchives(archives, wanted.takes);
    if (manifest.entries.length > 0) return true;
    if (unfit.length === 0 && files.unfit.length === 0) return false;
  } else if (files.unfit.length === 0) return false;
  await collectFiles(path, wanted);
  return true;
}

/** Archives, all of one kind. */
interface Archives {
  readonly kind: "zip" | "tar";
  readonly paths: readonly string[];
}

/** The archives at a path: itself, or those of a folder: the zip archives, or else the tar archives. */
async function archivesOf(path: string, { isFolder }: Listing): Promise<Archives | undefined> {
  if (!isFolder) {
    const kind = (await isZip(path)) ? "zip" : (await isTar(path)) ? "tar" : undefined;
    return kind && { kind, paths: [path] };
  }
  for (const [kind, isOne] of [["zip", isZipName] as const, ["tar", isTarName] as const]) {
    const { names } = await listFiles(path, isOne);
    if (names.length > 0) return { kind, paths: names.map((name) => join(path, name)) };
  }
  return undefined;
}

const listArchives = async ({ kind, paths }: Archives, takes: Takes) =>
  kind === "zip"
    ? { ...(await listZips(paths, takes)), labels: undefined, endings: [".zip"] }
    : { ...(await listTars(paths, takes)), endings: [".tar", ".tar.gz", ".tgz"] };

/** Reads the files of a manifest. */
export function filesOf(manifest: FilesManifest): Entries {
  if (manifest.kind === "zip") return zipEntries(manifest);
  if (manifest.kind === "tar") return tarEntries(manifest);
  if (manifest.kind === "parquet") return parquetEntries(manifest);
  return manifest.kind === "ranges" ? rangeEntries(manifest) : folderEntries(manifest);
}
