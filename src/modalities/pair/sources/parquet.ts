import { basename, join } from "node:path";
import { Appender } from "../../../data/files/appender.ts";
import { listFiles } from "../../../data/files/listing.ts";
import type { RangesManifest } from "../../../data/files/ranges.ts";
import type { OpenOptions } from "../../../data/source.ts";
import { type CellRow, cellOf } from "../../../data/tables/cells.ts";
import { float64Column } from "../../../data/tables/growing.ts";
import { tableFormatOf } from "../../../data/tables/rows.ts";
import { UserError } from "../../../foundation/errors.ts";
import { openParquet } from "../../../foundation/parquet/read.ts";
import { temporaryFolder } from "../../../foundation/temporary.ts";
import { formatOf } from "../../../pixels/decode/formats.ts";
import { captionColumns, type Roles, rolesInWords, rolesOf, saidIn } from "./columns.ts";
import { EntryCollector } from "./entries.ts";

type Record = Readonly<{ [column: string]: unknown }>;

const NOTHING = new Uint8Array();

/** The file in a cell: bytes, or as Hugging Face writes images, bytes beside their path. */
function fileIn(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  return typeof value === "object" && value !== null && "bytes" in value ? fileIn(value.bytes) : undefined;
}

/** The cells of a row but for the images. Texts that the file does not call so are bytes here. */
const cellsIn = (record: Record, columns: readonly string[], image: string, line: number): CellRow => ({
  cells: columns.map((name) => {
    const value = record[name];
    if (name === image) return undefined;
    return cellOf(value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : value);
  }),
  line,
});

/** The Parquet files at a path: itself, or the parts of a data set in a folder. */
async function filesAt(path: string): Promise<string[]> {
  const { isFolder, names } = await listFiles(path, (name) => tableFormatOf(name) === "parquet");
  return isFolder ? names.map((name) => join(path, name)) : names.length > 0 ? [path] : [];
}

/** A Parquet file with the bytes of images, that is being read. */
interface ImageFile {
  /** The column with the images, and all columns. */
  readonly image: string;
  readonly columns: readonly string[];
  /** The first rows without their images. */
  readonly first: readonly CellRow[];
  /** All rows, the first again. */
  records(): AsyncGenerator<readonly Record[]>;
  close(): Promise<void>;
}

/** Opens a Parquet file, if it has a column with the bytes of images. @throws UserError when it is damaged */
async function openImages(path: string): Promise<ImageFile | undefined> {
  const file = await openParquet(path);
  const { columns, blobs, close } = file;
  try {
    const batches = file.rows(undefined, true);
    const next = blobs.length > 0 ? await batches.next() : undefined;
    const begin: readonly Record[] | undefined = next?.done ? undefined : next?.value;
    const image = blobs.find((name) =>
      begin?.some((record) => formatOf(fileIn(record[name]) ?? NOTHING) !== undefined),
    );
    if (!begin || image === undefined) {
      await close();
      return undefined;
    }
    async function* records(): AsyncGenerator<readonly Record[]> {
      yield begin ?? [];
      yield* batches;
    }
    return {
      image,
      columns,
      first: begin.map((record, at) => cellsIn(record, columns, image, at + 1)),
      records,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Whether a path is of Parquet files with the bytes of images, and a column that is called like captions. */
export async function packsPairs(path: string): Promise<boolean> {
  const [part] = await filesAt(path);
  if (part === undefined) return false;
  const found = await openImages(part).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  await found?.close();
  return (
    found !== undefined && captionColumns(found.columns, found.first, found.columns.indexOf(found.image)).length > 0
  );
}

/**
 * Reads Parquet files that hold the bytes of images, and what they say of them. The bytes are written to a temporary file.
 * @returns undefined if the first, or the only one, holds no images
 * @throws UserError when a column is missing, or a file is broken
 */
export async function unpackImages(path: string, options: OpenOptions) {
  const parts = await filesAt(path);
  const [begin] = parts;
  const opened = begin === undefined ? undefined : await openImages(begin);
  if (!opened) return undefined;
  const collector = new EntryCollector(path);
  const folder = temporaryFolder();
  const file = new Appender(join(folder.path, "images"));
  const remove = () => {
    file.close();
    folder.remove();
  };
  const notes: string[] = [];
  const starts = float64Column();
  const names: string[] = [];
  let length = 0;

  const add = async (part: string, { image, columns, first, records }: ImageFile): Promise<void> => {
    const roles: Roles = rolesOf(part, columns, first, options, columns.indexOf(image));
    if (notes.length === 0) notes.push(rolesInWords(basename(part), columns, roles));
    let line = 0;
    for await (const batch of records())
      for (const record of batch) {
        const row = cellsIn(record, columns, image, ++line);
        const bytes = fileIn(record[image]);
        const name = bytes ? `${basename(part)}:${line}` : "";
        const before = collector.count;
        collector.add({ ...saidIn(row, name, columns, roles, "parquet"), where: `${basename(part)}:${line}` });
        if (!bytes || collector.count === before) continue;
        names.push(name);
        starts.push(length);
        file.append(bytes);
        length += bytes.length;
      }
  };

  try {
    for (const part of parts) {
      const images = part === begin ? opened : await openImages(part);
      if (!images)
        throw new UserError(`${part}: no column with the bytes of images, as the first part of the data has`);
      try {
        await add(part, images);
      } finally {
        await images.close();
      }
    }
    starts.push(length);
    file.flush();
  } catch (error) {
    remove();
    throw error;
  }
  const files: RangesManifest = { kind: "ranges", path: file.path, names, starts: starts.shared() };
  return { collector, files, notes, remove };
}
