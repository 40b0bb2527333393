import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { FilesManifest } from "../../../data/files/collection.ts";
import { listFiles } from "../../../data/files/listing.ts";
import { packing } from "../../../data/files/packed.ts";
import { isTar } from "../../../data/files/tars.ts";
import { isZip } from "../../../data/files/zip.ts";
import { labelsFromFolders, labelsFromTable } from "../../../data/labels.ts";
import type { Recognition } from "../../../data/modality.ts";
import { countOfKeys } from "../../../data/parts/keys.ts";
import { exceptOf, type OpenOptions, type Source } from "../../../data/source.ts";
import { tableFormatOf } from "../../../data/tables/rows.ts";
import { UserError } from "../../../foundation/errors.ts";
import { kinds } from "../kinds.ts";
import { BOXES_COLUMN, type PairSample } from "../pair.ts";
import { haveCaptions, readBeside } from "./beside.ts";
import { packBoxes } from "./boxes.ts";
import type { EntryCollector } from "./entries.ts";
import { locateImages } from "./locate.ts";
import { packsPairs, unpackImages } from "./parquet.ts";
import { pairSource } from "./source.ts";
import { entriesIn, listsPairs } from "./table.ts";

/** What is read, for messages. */
const FORMATS =
  "a table with the columns path and caption, Parquet with the bytes of images, or images with a .txt or .json file of the same name";
/** Tables of a folder that are looked at. */
const TABLES = 16;

const isFolder = async (path: string): Promise<boolean> => (await listFiles(path, () => false)).isFolder;

const isArchive = async (path: string): Promise<boolean> => (await isZip(path)) || (await isTar(path));

/** Tables in a folder that name images which are there, with captions. */
async function tablesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => tableFormatOf(name) !== undefined).sort();
  const found: string[] = [];
  for (const name of names.slice(0, TABLES)) if (await listsPairs(join(folder, name))) found.push(join(folder, name));
  return found;
}

/**
 * Proven for a table that names images which are there, with captions; for Parquet files with the bytes of images, and captions;
 * for a folder or an archive in which most images have captions beside them. Possible for a folder with such a table.
 * @throws UserError when the path, or a folder below it, cannot be read
 */
export async function recognisesPairs(path: string): Promise<Recognition> {
  if (await isFolder(path)) {
    if ((await haveCaptions(path)) || (await packsPairs(path))) return "proven";
    return (await tablesIn(path)).length > 0 ? "possible" : undefined;
  }
  if (tableFormatOf(path) === undefined)
    return (await isArchive(path)) && (await haveCaptions(path)) ? "proven" : undefined;
  return (await packsPairs(path)) || (await listsPairs(path)) ? "proven" : undefined;
}

/** What was read of pairs, before their images are. */
interface Found {
  readonly collector: EntryCollector;
  readonly files: FilesManifest;
  /** Positions of the entries whose images are there, by default all. */
  readonly kept?: readonly number[];
  readonly notes?: readonly string[];
  remove?(): void;
}

async function ofTable(path: string, options: OpenOptions): Promise<Found> {
  const { collector, notes } = await entriesIn(path, options);
  const { files, kept, leftOut } = await locateImages(dirname(path), collector.images);
  if (kept.length === 0)
    throw new UserError(
      `${path}: none of its ${collector.images.length} images is there, neither as a file nor in a zip archive beside the table; the first is ${collector.images[0]}`,
    );
  collector.leave(leftOut);
  return { collector, files, kept, notes };
}

async function findPairs(path: string, options: OpenOptions): Promise<Found> {
  if (await isFolder(path)) {
    const unpacked = await unpackImages(path, options);
    if (unpacked) return unpacked;
    const [table, second] = (await haveCaptions(path)) ? [] : await tablesIn(path);
    if (table === undefined) return readBeside(path, exceptOf(options));
    if (second === undefined) return ofTable(table, options);
    throw new UserError(
      `${path}: has several tables of images with captions; name one: ${table}, ${basename(second)} …`,
    );
  }
  if (tableFormatOf(path) !== undefined) return (await unpackImages(path, options)) ?? ofTable(path, options);
  if (await isArchive(path)) return readBeside(path, exceptOf(options));
  const packed = await packing(path);
  throw new UserError(`${path}: no images with captions${packed ? ` (${packed})` : ""}; they are read from ${FORMATS}`);
}

/** How many things images show, where several show the same: no batch holds more. */
function keysInWords(keys: Int32Array): string[] {
  const different = countOfKeys(keys);
  return different === keys.length
    ? []
    : [
        `${keys.length.toLocaleString("en")} images of ${different.toLocaleString("en")} different things, by their keys`,
      ];
}

/**
 * Opens images with captions: a table that names images beside it, in a folder or in zip archives; Parquet files that hold
 * images; a folder or an archive of images with captions in files of the same name.
 * @throws UserError when there are none, a column is missing, or a file is broken
 */
export async function openPairs(path: string, options: OpenOptions = {}): Promise<Source<PairSample>> {
  const { collector, files, kept, notes = [], remove } = await findPairs(path, options);
  let images: Source<unknown> | undefined;
  try {
    if (collector.count === 0) throw new UserError(`${path}: no image with a caption; they are read from ${FORMATS}`);
    const all = kept ?? Array.from({ length: collector.count }, (_, entry) => entry);
    const { captions, keys, labels, groups, column } = collector.end(all, options.group);
    const opened = await kinds.image.reopen(files);
    images = opened;
    const names = Array.from({ length: opened.length }, (_, entry) => opened.name(entry));
    const given = options.labels ? await labelsFromTable(options.labels, names) : labels;
    const { boxes, note } = packBoxes(column(BOXES_COLUMN), (entry) => names[entry]!);
    return pairSource(
      {
        ...{ kind: "pairs", images: opened.manifest, captions, keys, groups },
        notes: [...notes, ...keysInWords(keys), ...(note === undefined ? [] : [note])],
        leftOut: collector.leftOut,
        boxes,
        // Who lists images in a table says there what they are.
        labels: given ?? (kept || files.kind === "ranges" ? undefined : labelsFromFolders(names)),
      },
      opened,
      column,
      remove,
    );
  } catch (error) {
    await images?.close();
    remove?.();
    throw error;
  }
}
