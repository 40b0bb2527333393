import { extname } from "node:path";
import { stringify } from "csv-stringify/sync";
import { UserError } from "../foundation/errors.ts";
import { prepareFile, writeAtomically } from "../foundation/files.ts";
import { type Column, writeColumns } from "./parquet.ts";

const all = ["csv", "parquet"] as const;
type TableFormat = (typeof all)[number];

/** Sees to it before long work that a table can be written there. @throws UserError when it cannot, or not by that name */
export async function prepareTable(file: string, formats: readonly TableFormat[] = all): Promise<void> {
  tableFormat(file, formats);
  await prepareFile(file);
}

/** How a table's file is written, by its name. @throws UserError when that is none of the formats */
function tableFormat(file: string, formats: readonly TableFormat[] = all): TableFormat {
  const format = formats.find((one) => extname(file).toLowerCase() === `.${one}`);
  if (format) return format;
  throw new UserError(`${file}: name a file that ends in ${formats.map((one) => `.${one}`).join(" or ")}`);
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
