import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import * as z from "zod";
import { messageOf, UserError } from "../../foundation/errors.ts";
import { parseJson } from "../../foundation/json.ts";
import { openParquet } from "../../foundation/parquet/read.ts";
import { SEPARATOR } from "../answers.ts";
import type { OpenOptions } from "../source.ts";
import { LONGEST_TEXT, linesOf } from "./lines.ts";
import { utf8Chunks } from "./utf8.ts";

/** A row of a table: its text (a sample's, or its path in a table of labels), and its label if it has one. */
export interface Row {
  readonly text: string;
  readonly label: string | undefined;
  /** Line or row in the file, from 1. */
  readonly line: number;
}

export type TableFormat = "csv" | "tsv" | "jsonl" | "parquet";

/** File extensions of tables, before `.gz`. */
export const tableFormats: Readonly<Record<string, TableFormat>> = {
  ".csv": "csv",
  ".tsv": "tsv",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".parquet": "parquet",
};

interface Columns extends Pick<OpenOptions, "labelColumn"> {
  /** Column of the samples by name or by number from 1; several, separated by commas, are joined by a space. */
  readonly column: string;
  /** Advice in the message when a column is missing. */
  readonly advice?: string;
}

const LABEL_COLUMN = "label";

/**
 * The rows of a table, in batches.
 * @throws UserError when a column is missing or the file is broken
 */
export function rowsOf(path: string, format: TableFormat, columns: Columns): AsyncGenerator<Row[]> {
  if (format === "jsonl") return jsonRows(path, columns);
  if (format === "parquet") return parquetRows(path, columns);
  return delimitedRows(path, format, columns);
}

/** Several columns, separated by commas, are joined by a space: a title and a body. */
const namesOf = ({ column }: Pick<Columns, "column">): string[] => column.split(",").map((name) => name.trim());

const isNumber = (name: string): boolean => /^[1-9]\d*$/.test(name);

const flagOf = (isLabel: boolean): string => (isLabel ? "--label-column" : "--column");

const missing = (
  path: string,
  name: string,
  existing: readonly string[],
  isLabel: boolean,
  adviceText?: string,
): UserError => {
  const names = existing.slice(0, 8).map((column) => (column.length > 30 ? `${column.slice(0, 30)}…` : column));
  const advice = adviceText ?? `name one with ${flagOf(isLabel)}, or give its number if there is no header`;
  return new UserError(
    `${path}: no column "${name}"; there are: ${names.join(", ")}${existing.length > 8 ? " …" : ""}; ${advice}`,
  );
};

/** The fields to read. Columns by name are looked up in the header; columns by number mean that there is no header. */
function fieldsOf(path: string, { labelColumn, advice, ...columns }: Columns, first: readonly string[]) {
  const names = namesOf(columns);
  const hasHeader = !names.every(isNumber);
  const find = (name: string, isLabel: boolean): number => {
    const field = isNumber(name) ? Number(name) - 1 : first.indexOf(name);
    if (field >= 0 && field < first.length && (hasHeader || isNumber(name))) return field;
    if (/^\d+$/.test(name))
      throw new UserError(
        `${path}: no column ${name}; ${flagOf(isLabel)} counts from 1${hasHeader ? "" : `, up to ${first.length}`}`,
      );
    throw missing(path, name, first, isLabel, advice);
  };
  const label = labelColumn !== undefined ? find(labelColumn, true) : hasHeader ? first.indexOf(LABEL_COLUMN) : -1;
  return { hasHeader, text: names.map((name) => find(name, false)), label };
}

async function* delimitedRows(path: string, format: "csv" | "tsv", columns: Columns): AsyncGenerator<Row[]> {
  const parser = parse({
    // Tab-separated values are not quoted: a quotation mark is part of the text.
    ...(format === "tsv" ? { delimiter: "\t", quote: null } : {}),
    // Line endings may be mixed, in files concatenated from others.
    record_delimiter: ["\r\n", "\n"],
    // More fields than in the first line come from unquoted commas: which column is which is then unknown.
    ...(format === "tsv" ? { relax_column_count: true } : { relax_column_count_less: true }),
    skip_empty_lines: true,
    max_record_size: LONGEST_TEXT,
    info: true,
  });
  const bytes = Readable.from(
    (async function* () {
      for await (const chunk of utf8Chunks(path)) yield chunk.bytes;
    })(),
  );
  bytes.on("error", (error) => parser.destroy(error)).pipe(parser);
  let fields: ReturnType<typeof fieldsOf> | undefined;
  let rows: Row[] = [];
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      const isFirst = fields === undefined;
      fields ??= fieldsOf(
        path,
        columns,
        record.map((name) => name.trim()),
      );
      if (isFirst && fields.hasHeader) continue;
      const text = fields.text.map((field) => record[field] ?? "").join(" ");
      rows.push({ text, label: record[fields.label]?.trim() || undefined, line: info.lines });
      if (rows.length < BATCH) continue;
      yield rows;
      rows = [];
    }
  } catch (error) {
    if (error instanceof CsvError) throw new UserError(`${path}: not ${format.toUpperCase()} (${messageOf(error)})`);
    throw error;
  } finally {
    bytes.destroy();
  }
  yield rows;
}

const BATCH = 1024;

const Json = z.record(z.string(), z.unknown());

/** A field as text; empty for a missing one. @throws UserError when it is a list, an object or bytes */
function asText(value: unknown, at: () => string): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  if (typeof value === "object" && !(value instanceof Date))
    throw new UserError(`${at()} holds ${globalThis.Array.isArray(value) ? "a list" : "an object"}, and not a text`);
  return String(value);
}

/** A label as text; a list holds the labels of a multi-label sample. */
const asLabel = (value: unknown, at: () => string): string =>
  globalThis.Array.isArray(value) ? value.map((one) => asText(one, at)).join(SEPARATOR) : asText(value, at);

/** Text and label of a row with named fields. @param where the row, for messages */
function pick(record: Readonly<Record<string, unknown>>, columns: Columns, where: string): Omit<Row, "line"> {
  const at = (name: string) => () => `${where}: column "${name}"`;
  const label = columns.labelColumn ?? LABEL_COLUMN;
  return {
    text: namesOf(columns)
      .map((name) => asText(record[name], at(name)))
      .join(" "),
    label: asLabel(record[label], at(label)).trim() || undefined,
  };
}

async function* jsonRows(path: string, columns: Columns): AsyncGenerator<Row[]> {
  let isFirst = true;
  for await (const lines of linesOf(path)) {
    const rows: Row[] = [];
    for (const { bytes, number } of lines) {
      const object = Json.safeParse(parseJson(bytes.toString("utf8"), `${path}: line ${number}`));
      if (!object.success) throw new UserError(`${path}: line ${number} is not a JSON object`);
      const { data } = object;
      if (isFirst) check(path, columns, Object.keys(data));
      isFirst = false;
      rows.push({ ...pick(data, columns, `${path}: line ${number}`), line: number });
    }
    yield rows;
  }
}

/** @throws UserError when a requested column is missing */
function check(path: string, columns: Columns, existing: readonly string[]): void {
  for (const name of namesOf(columns))
    if (!existing.includes(name)) throw missing(path, name, existing, false, columns.advice);
  if (columns.labelColumn !== undefined && !existing.includes(columns.labelColumn))
    throw missing(path, columns.labelColumn, existing, true, columns.advice);
}

async function* parquetRows(path: string, columns: Columns): AsyncGenerator<Row[]> {
  const file = await openParquet(path);
  try {
    const { columns: existing } = file;
    check(path, columns, existing);
    const label = columns.labelColumn ?? LABEL_COLUMN;
    let line = 1;
    for await (const rows of file.rows([...namesOf(columns), ...(existing.includes(label) ? [label] : [])])) {
      yield rows.map((row) => ({ ...pick(row, columns, `${path}: row ${line}`), line: line++ }));
    }
  } finally {
    await file.close();
  }
}
