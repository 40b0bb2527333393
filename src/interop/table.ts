import { extname } from "node:path";
import { stringify } from "csv-stringify/sync";
import { UserError } from "../foundation/errors.ts";
import { writeAtomically } from "../foundation/files.ts";
import { type Column, writeColumns } from "./parquet.ts";

/** How a table's file is written, by its name. @throws UserError when it ends neither in .csv nor in .parquet */
export function tableFormat(file: string): "csv" | "parquet" {
  const extension = extname(file).toLowerCase();
  if (extension === ".csv") return "csv";
  if (extension === ".parquet") return "parquet";
  throw new UserError(`${file}: name a file that ends in .csv or .parquet`);
}

/** Rows of CSV made at a time. */
const ROWS = 4096;

function* csvOf(columns: readonly Column[]): Generator<string> {
  yield stringify([columns.map(({ name }) => name)]);
  const rows = columns[0]?.values.length ?? 0;
  for (let start = 0; start < rows; start += ROWS)
    yield stringify(
      Array.from({ length: Math.min(ROWS, rows - start) }, (_, row) =>
        columns.map(({ values }) => {
          const value = values[start + row]!;
          // Float32 has seven digits.
          return typeof value === "number" ? Number(value.toPrecision(7)) : value;
        }),
      ),
    );
}

/**
 * Writes columns of one length as CSV (with a header) or Parquet, as the file's name says; it appears when it is whole.
 * @param metadata kept in Parquet; CSV has no place for it
 * @throws UserError when the name says neither, or the file cannot be written
 */
export async function writeTable(
  file: string,
  columns: readonly Column[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (tableFormat(file) === "csv") await writeAtomically(file, csvOf(columns));
  else await writeColumns(file, columns, metadata);
}
