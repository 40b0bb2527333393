import { UserError } from "../../foundation/errors.ts";
import { openParquet } from "../../foundation/parquet/read.ts";
import { extensionOf } from "../files/extension.ts";
import type { Columns } from "./columns.ts";
import { delimitedRows } from "./delimited.ts";
import { jsonRows } from "./json.ts";
import { fieldsAmong, pick, type Row, requireFields } from "./records.ts";

export type TableFormat = "csv" | "tsv" | "json" | "parquet";

/** File extensions of tables, before `.gz`. */
export const tableFormats: Readonly<Record<string, TableFormat>> = {
  ".csv": "csv",
  ".tsv": "tsv",
  ".json": "json",
  ".jsonl": "json",
  ".ndjson": "json",
  ".parquet": "parquet",
};

/** The format of a table by its file's name; undefined for another file. */
export const tableFormatOf = (name: string): TableFormat | undefined => tableFormats[extensionOf(name)];

/**
 * The rows of a table, in batches.
 * @throws UserError when a column is missing or the file is broken
 */
export function rowsOf(path: string, format: TableFormat, columns: Columns): AsyncGenerator<Row[]> {
  if (format === "json") return jsonRows(path, columns);
  if (format === "parquet") return parquetRows(path, columns);
  return delimitedRows(path, format, columns);
}

/** Whether a table has these columns; false for a table that cannot be read. */
export async function hasColumns(path: string, format: TableFormat, columns: Columns): Promise<boolean> {
  const rows = rowsOf(path, format, columns);
  try {
    await rows.next();
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  } finally {
    await rows.return(undefined);
  }
}

async function* parquetRows(path: string, columns: Columns): AsyncGenerator<Row[]> {
  const file = await openParquet(path);
  try {
    const { columns: existing } = file;
    const fields = fieldsAmong(path, columns, existing);
    requireFields(path, columns, fields, existing);
    let line = 1;
    for await (const rows of file.rows([...fields.text, ...fields.labels].filter((name) => name !== undefined)))
      yield rows.map((row) => ({ ...pick(row, fields, `${path}: row ${line}`), line: line++ }));
  } finally {
    await file.close();
  }
}
