import { join } from "node:path";
import { openParquet } from "../../foundation/parquet/read.ts";
import { listFiles } from "../files/listing.ts";
import { fileIn } from "../files/parquet.ts";
import { type CellRow, cellOf } from "./cells.ts";
import { tableFormatOf } from "./rows.ts";

type Fields = Readonly<{ [column: string]: unknown }>;

/** Whether bytes are a file of a kind of data. */
export type IsOne = (bytes: Uint8Array) => boolean;

/** The Parquet files at a path: itself, or the shards of a data set in a folder. @param except as of `listFiles` */
export async function parquetAt(path: string, except?: string) {
  const isParquet = (name: string) => tableFormatOf(name) === "parquet";
  const { isFolder, names, leftOut } = await listFiles(path, isParquet, except);
  const paths = isFolder ? names.map((name) => join(path, name)) : names.length > 0 ? [path] : [];
  return { paths, names, leftOut };
}

/** The cells of a row but for the files. Texts that Parquet does not call so are bytes here. */
export const cellsIn = (record: Fields, columns: readonly string[], file: string, line: number): CellRow => ({
  cells: columns.map((name) => {
    const value = record[name];
    if (name === file) return undefined;
    return cellOf(value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : value);
  }),
  line,
});

/** A Parquet file with files in one of its columns, that is being read. */
export interface PackedFiles {
  /** The column with the files, and all columns. */
  readonly file: string;
  readonly columns: readonly string[];
  /** The first rows without their files. */
  readonly first: readonly CellRow[];
  /** All rows, the first again. */
  records(): AsyncGenerator<readonly Fields[]>;
  close(): Promise<void>;
}

/**
 * Opens a Parquet file, if it has a column with files of a kind of data.
 * @param wanted the column that is looked at; by default all
 * @throws UserError when it is damaged
 */
export async function openFiles(path: string, isOne: IsOne, wanted?: string): Promise<PackedFiles | undefined> {
  const file = await openParquet(path);
  const { columns, blobs, close } = file;
  try {
    const batches = file.rows(undefined, true);
    const next = blobs.length > 0 ? await batches.next() : undefined;
    const begin: readonly Fields[] | undefined = next?.done ? undefined : next?.value;
    const holdsFiles = (name: string) =>
      begin?.some((record) => {
        const bytes = fileIn(record[name]);
        return bytes !== undefined && isOne(bytes);
      });
    const found = blobs.find((name) => (wanted === undefined || name === wanted) && holdsFiles(name));
    if (!begin || found === undefined) {
      await close();
      return undefined;
    }
    async function* records(): AsyncGenerator<readonly Fields[]> {
      yield begin ?? [];
      yield* batches;
    }
    return {
      file: found,
      columns,
      first: begin.map((record, at) => cellsIn(record, columns, found, at + 1)),
      records,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
