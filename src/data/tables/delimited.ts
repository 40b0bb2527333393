import { Readable } from "node:stream";
import { CsvError, type Options, parse } from "csv-parse";
import { parse as parseSync } from "csv-parse/sync";
import { messageOf, UserError } from "../../foundation/errors.ts";
import { unguardCell } from "../../foundation/formula.ts";
import {
  type Columns,
  flagOf,
  isNumber,
  LABEL_COLUMN,
  labelNamesOf,
  missing,
  namesOf,
  positionOf,
  positionsOf,
} from "./columns.ts";
import { LONGEST_TEXT } from "./lines.ts";
import { labelIn, type Row } from "./records.ts";
import { utf8Chunks } from "./utf8.ts";

const BATCH = 1024;

/** The fields to read. Columns by name are looked up in the header; columns by number mean that there is no header. */
function fieldsOf(path: string, { labelColumn, advice, ...columns }: Columns, first: readonly string[]) {
  const names = namesOf(columns);
  const hasHeader = !names.every(isNumber);
  const find = (name: string, isLabel: boolean): number => {
    const field = isNumber(name) ? Number(name) - 1 : hasHeader ? positionOf(path, name, first) : -1;
    if (field >= 0 && field < first.length) return field;
    if (/^\d+$/.test(name))
      throw new UserError(
        `${path}: no column ${name}; ${flagOf(isLabel)} counts from 1${hasHeader ? "" : `, up to ${first.length}`}`,
      );
    throw missing(path, name, first, isLabel, advice);
  };
  const usual = () => (hasHeader ? [positionOf(path, LABEL_COLUMN, first)] : []);
  const labels =
    labelColumn === undefined
      ? usual().filter((field) => field >= 0)
      : labelNamesOf(labelColumn, hasHeader ? first : []).map((name) => find(name, true));
  return {
    hasHeader,
    text: names.map((name) => find(name, false)),
    labels,
    labelNames: labels.map((field) => (hasHeader ? first[field]! : String(field + 1))),
  };
}

/** How the fields of a file are separated. */
export interface Dialect {
  readonly delimiter: string;
  /** Tab-separated values are not quoted: a quotation mark is part of the text. */
  readonly quoted: boolean;
  /** First line of the table, from 1: Excel's `sep=;` may stand above it. */
  readonly firstLine: number;
}

export const optionsOf = ({ delimiter, quoted, firstLine }: Dialect): Options => ({
  delimiter,
  ...(quoted ? {} : { quote: null }),
  // Line endings may be mixed, in files concatenated from others.
  record_delimiter: ["\r\n", "\n"],
  from_line: firstLine,
  relax_column_count: true,
  skip_empty_lines: true,
  max_record_size: LONGEST_TEXT,
});

/** Bytes at the beginning that show how a file is written, and rows of a file without a header. */
const [PROBE_BYTES, PROBE_ROWS] = [1 << 18, 20];

/**
 * Finds what separates the fields, by the beginning of a file: of a file's usual separator and of those that Excel writes
 * in other countries, the first with which the header has the wanted columns; without a header, with which every row has
 * as many fields.
 */
function dialectOf(start: Buffer, format: "csv" | "tsv", columns: Columns): Dialect {
  const probe = start.subarray(0, PROBE_BYTES);
  const dialect = (delimiter: string, firstLine: number): Dialect => ({
    delimiter,
    quoted: format === "csv" || delimiter !== "\t",
    firstLine,
  });
  const declared = /^"?sep=(.)"?\r?\n/i.exec(probe.subarray(0, 16).toString("latin1"))?.[1];
  if (declared) return dialect(declared, 2);
  const all = (format === "tsv" ? ["\t", ",", ";"] : [",", ";", "\t", "|"]).map((delimiter) => dialect(delimiter, 1));
  const names = namesOf(columns);
  const hasHeader = !names.every(isNumber);
  const rowsIn = (one: Dialect): string[][] => {
    try {
      return parseSync(probe, { ...optionsOf(one), to: hasHeader ? 1 : PROBE_ROWS });
    } catch {
      return [];
    }
  };
  const tried = all.map((one) => ({ one, rows: rowsIn(one) }));
  const { labelColumn } = columns;
  const labelsAmong = (first: readonly string[]) =>
    labelColumn === undefined ? [] : labelNamesOf(labelColumn, hasHeader ? first : []);
  const wantedIn = (first: readonly string[]) => [...names, ...labelsAmong(first)].filter((name) => !isNumber(name));
  const suits = ({ rows }: { rows: string[][] }) => {
    const [first = []] = rows;
    if (hasHeader) return first.length > 1 && wantedIn(first).every((name) => positionsOf(name, first).length > 0);
    const numbers = [...names, ...labelsAmong([])].map(Number);
    return first.length > 1 && Math.max(...numbers) <= first.length && rows.every((row) => row.length === first.length);
  };
  // Prose has a space after a comma, a table has none.
  const isProse = ({ rows }: { rows: string[][] }) =>
    !hasHeader && rows.every((row) => row.slice(1).some((field) => field.startsWith(" ")));
  const suited = tried.filter(suits);
  const named = hasHeader ? tried.find(({ rows }) => (rows[0]?.length ?? 0) > 1) : undefined;
  return (suited.find((one) => !isProse(one)) ?? suited[0] ?? named ?? tried[0]!).one;
}

/** The rows of CSV and TSV. @throws UserError when a column is missing or the file is broken */
export async function* delimitedRows(path: string, format: "csv" | "tsv", columns: Columns): AsyncGenerator<Row[]> {
  const chunks = utf8Chunks(path);
  const first = await chunks.next();
  if (first.done) return;
  const dialect = dialectOf(first.value.bytes, format, columns);
  const parser = parse({
    ...optionsOf(dialect),
    // A quotation mark inside an unquoted field is part of it: 5" wide.
    ...(dialect.quoted ? { relax_quotes: true, raw: true } : {}),
    info: true,
  });
  const bytes = Readable.from(
    (async function* () {
      yield first.value.bytes;
      for await (const chunk of chunks) yield chunk.bytes;
    })(),
  );
  bytes.on("error", (error) => parser.destroy(error)).pipe(parser);
  let fields: ReturnType<typeof fieldsOf> | undefined;
  let width = 0;
  let line = dialect.firstLine - 1;
  let rows: Row[] = [];
  type Parsed = { record: string[]; raw?: string; info: { lines: number } };
  try {
    for await (const { record, raw, info } of parser as AsyncIterable<Parsed>) {
      const isFirst = fields === undefined;
      line = info.lines;
      if (raw !== undefined && record.some((field) => field.startsWith('"'))) refuseStray(raw, dialect);
      fields ??= fieldsOf(
        path,
        columns,
        record.map((name) => name.trim()),
      );
      if (isFirst) width = record.length;
      if (isFirst && fields.hasHeader) continue;
      // More fields than in the first line come from unquoted commas: which column is which is then unknown.
      if (dialect.quoted && record.length > width && record.slice(width).some((field) => field.trim() !== ""))
        throw new UserError(
          `${path}: line ${line} has ${record.length} fields, the first ${width}: a text with "${dialect.delimiter}" in it must be in quotation marks`,
        );
      const text = fields.text.map((field) => record[field] ?? "").join(" ");
      const label = labelIn(
        fields.labelNames,
        fields.labels.map((field) => unguardCell(record[field] ?? "")),
      );
      rows.push({ text, label, line });
      if (rows.length < BATCH) continue;
      yield rows;
      rows = [];
    }
  } catch (error) {
    if (error instanceof CsvError)
      throw new UserError(`${path}: not ${format.toUpperCase()} (${reasonOf(error, line)})`);
    throw error;
  } finally {
    bytes.destroy();
  }
  yield rows;
}

/**
 * @param raw of a row with a field that begins with a quotation mark: a written one, or one that closes too early and would
 * take the rest of the row, and rows after it, for text
 * @throws CsvError
 */
function refuseStray(raw: string, dialect: Dialect): void {
  try {
    parseSync(raw, { ...optionsOf(dialect), from_line: 1 });
  } catch (error) {
    if (error instanceof CsvError && error.code === "CSV_INVALID_CLOSING_QUOTE") throw error;
  }
}

/** @param line the last that was read whole */
export function reasonOf(error: CsvError, line: number): string {
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return `the quotation mark that opens a field on line ${line + 1} is never closed`;
    case "CSV_INVALID_CLOSING_QUOTE":
      return `line ${line}: a quotation mark inside a quoted field must be written twice`;
    case "CSV_MAX_RECORD_SIZE":
      return `the row on line ${line + 1} is longer than ${LONGEST_TEXT >> 20} MiB; is a quotation mark never closed?`;
    default:
      return messageOf(error);
  }
}
