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

/** The column of a Parquet file with the bytes of images, and its first rows; undefined if it has none. */
async function imagesIn(
  path: string,
): Promise<{ image: string; columns: readonly string[]; rows: CellRow[] } | undefined> {
  const file = await openParquet(path);
  try {
    const { columns, blobs } = file;
    if (blobs.length === 0) return undefined;
    for await (const records of file.rows(undefined, true)) {
      const image = blobs.find((name) =>
        records.some((record) => formatOf(fileIn(record[name]) ?? NOTHING) !== undefined),
      );
      return image === undefined
        ? undefined
        : { image, columns, rows: records.map((record, at) => cellsIn(record, columns, image, at + 1)) };
    }
    return undefined;
  } finally {
    await file.close();
  }
}

/** Whether a path is of Parquet files with the bytes of images. @returns which of the files have captions by their names */
export async function packsImages(path: string): Promise<{ readonly hasCaptions: boolean } | undefined> {
  const [first] = await filesAt(path);
  if (first === undefined) return undefined;
  const found = await imagesIn(first).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  return (
    found && { hasCaptions: captionColumns(found.columns, found.rows, found.columns.indexOf(found.image)).length > 0 }
  );
}

/**
 * Reads Parquet files that hold the bytes of images, and what they say of them. The bytes are written to a temporary file.
 * @throws UserError when a column is missing, or a file is broken
 */
export async function unpackImages(path: string, options: OpenOptions) {
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
  try {
    for (const part of await filesAt(path)) {
      const found = await imagesIn(part);
      if (!found) throw new UserError(`${part}: no column with the bytes of images, as the first part of the data has`);
      const { image, columns } = found;
      const roles: Roles = rolesOf(part, columns, found.rows, options, columns.indexOf(image));
      if (notes.length === 0) notes.push(rolesInWords(basename(part), columns, roles));
      const opened = await openParquet(part);
      let line = 0;
      try {
        for await (const records of opened.rows(undefined, true))
          for (const record of records) {
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
      } finally {
        await opened.close();
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
