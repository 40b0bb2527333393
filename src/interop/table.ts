import { extname } from "node:path";
import { UserError } from "../foundation/errors.ts";
import { writeAtomically } from "../foundation/files.ts";
import { prepareOutput, replaceOutput } from "../foundation/outputs.ts";
import { csv } from "./csv.ts";
import { type Column, writeColumns } from "./parquet.ts";

const all = ["csv", "parquet"] as const;
type TableFormat = (typeof all)[number];

/** Checks that a table can be written, before long work. @throws UserError when it cannot, or the extension is wrong */
export async function prepareTable(file: string, formats: readonly TableFormat[] = all): Promise<void> {
  tableFormat(file, formats);
  await prepareOutput(file);
}

/** The format by the file's extension. @throws UserError when it is none of the formats */
function tableFormat(file: string, formats: readonly TableFormat[] = all): TableFormat {
  const format = formats.find((one) => extname(file).toLowerCase() === `.${one}`);
  if (format) return format;
  throw new UserError(`${file}: name a file that ends in ${formats.map((one) => `.${one}`).join(" or ")}`);
}

/** Rows of CSV written at a time. */
const ROWS = 4096;

function* csvOf(columns: readonly Column[]): Generator<string> {
  yield csv([columns.map(({ name }) => name)]);
  const rows = columns[0]?.values.length ?? 0;
  for (let start = 0; start < rows; start += ROWS)
    yield csv(
      Array.from({ length: Math.min(ROWS, rows - start) }, (_, row) =>
        columns.map(({ values }) => {
          const value = values[start + row]!;
          // Float32 has about seven significant digits.
          return typeof value === "number" ? Number(value.toPrecision(7)) : value;
        }),
      ),
    );
}

/**
 * Writes columns of equal length as CSV (with a header) or Parquet, by the file's extension, atomically.
 * @param metadata kept in Parquet; CSV has no place for it
 * @throws UserError when the extension is neither, or the file cannot be written
 */
export async function writeTable(
  file: string,
  columns: readonly Column[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeAs(tableFormat(file), file, columns, metadata);
}

/** The same for the output of a command, which replaces no file of the user's. */
export async function writeOutputTable(
  file: string,
  columns: readonly Column[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await replaceOutput(file, (temporary) => writeAs(tableFormat(file), temporary, columns, metadata));
}

const writeAs = (
  format: TableFormat,
  file: string,
  columns: readonly Column[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> => (format === "csv" ? writeAtomically(file, csvOf(columns)) : writeColumns(file, columns, metadata));
