import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { parse as parseSync } from "csv-parse/sync";
import * as z from "zod";
import { UserError } from "../../foundation/errors.ts";
import { parseJson, parseTornJson } from "../../foundation/json.ts";
import { openParquet } from "../../foundation/parquet/read.ts";
import { shortened } from "../../foundation/printable.ts";
import { type Dialect, optionsOf, reasonOf } from "./delimited.ts";
import { adviceFor, arrayIn, firstCharacter } from "./json.ts";
import { linesOf } from "./lines.ts";
import type { TableFormat } from "./rows.ts";
import { utf8Chunks } from "./utf8.ts";

/** One value of a table; undefined where there is none. */
export type Cell = string | number | undefined;

export interface CellRow {
  /** In the order of the columns; undefined beyond the end of a short row. */
  readonly cells: readonly Cell[];
  /** Line or row in the file, from 1. */
  readonly line: number;
}

export interface CellBatch {
  /** Names of the columns; of JSON lines those met so far, to which others are only added. */
  readonly columns: readonly string[];
  readonly rows: readonly CellRow[];
}

/** What stands for a missing number in tables. */
const MISSING = /^(|\?|-|na|n\/a|nan|null|none|nil|missing|#n\/a|\\n|-?inf(inity)?)$/i;

export const isMissing = (cell: Cell): boolean =>
  cell === undefined || (typeof cell === "string" ? MISSING.test(cell.trim()) : !Number.isFinite(cell));

/** Whole numbers and numbers with a decimal comma, as spreadsheets write them in most of Europe. */
const DECIMAL_COMMA = /^[+-]?\d*,\d+(e[+-]?\d+)?$/i;

/** The number in a cell: NaN for a missing one, undefined for a text. */
export function numberIn(cell: Cell): number | undefined {
  if (isMissing(cell)) return Number.NaN;
  if (typeof cell === "number" || cell === undefined) return cell;
  const text = cell.trim();
  const value = Number(DECIMAL_COMMA.test(text) ? text.replace(",", ".") : text);
  return Number.isFinite(value) ? value : undefined;
}

const BATCH = 1024;
/** Beginning of a file that shows what separates its fields. */
const PROBE_BYTES = 1 << 16;
const PROBE_ROWS = 20;

/**
 * All cells of a table. A CSV or TSV file whose first row has nothing but numbers has no header: its columns are called `1`,
 * `2` …. Files of other formats are separated by blanks, as instruments write them.
 * @throws UserError when it cannot be read
 */
export function cellsOf(path: string, format: TableFormat | "blanks"): AsyncGenerator<CellBatch> {
  if (format === "parquet") return parquetCells(path);
  if (format === "json") return jsonCells(path);
  return format === "blanks" ? blankCells(path) : delimitedCells(path, format);
}

/** The first rows of a table, to tell what it is; undefined where there are none, or it cannot be read. */
export async function firstCells(path: string, format: TableFormat | "blanks"): Promise<CellBatch | undefined> {
  const batches = cellsOf(path, format);
  try {
    const { value } = await batches.next();
    return value?.rows.length ? value : undefined;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  } finally {
    await batches.return(undefined);
  }
}

/** Whether the first rows of a table hold numbers and nothing else; false for a table that cannot be read. */
export async function isNumeric(path: string, format: TableFormat): Promise<boolean> {
  const first = await firstCells(path, format);
  return first?.rows.every(({ cells }) => cells.every((cell) => numberIn(cell) !== undefined)) ?? false;
}

const hasNumbersOnly = (row: readonly string[]): boolean =>
  row.every((field) => numberIn(field) !== undefined) && row.some((field) => !isMissing(field));

/** Names for columns: numbers where there is no header, or no name. @throws UserError when two have one name */
function namesFor(path: string, header: readonly string[], hasHeader: boolean): string[] {
  const names = header.map((name, at) => (hasHeader && name.trim() !== "" ? name.trim() : String(at + 1)));
  const twice = names.findIndex((name, at) => names.indexOf(name) !== at);
  if (twice >= 0)
    throw new UserError(
      `${path}: the columns ${names.indexOf(names[twice]!) + 1} and ${twice + 1} are both called "${shortened(names[twice]!)}"; rename one of them`,
    );
  return names;
}

/** Of the separators that files use, the one with which the first rows have the most fields. */
function dialectFor(start: Buffer, format: "csv" | "tsv"): Dialect {
  const probe = start.subarray(0, PROBE_BYTES);
  const declared = /^"?sep=(.)"?\r?\n/i.exec(probe.subarray(0, 16).toString("latin1"))?.[1];
  if (declared) return { delimiter: declared, quoted: true, firstLine: 2 };
  const tried = (format === "tsv" ? ["\t", ",", ";"] : [",", ";", "\t", "|"]).map((delimiter) => {
    const dialect = { delimiter, quoted: format === "csv" || delimiter !== "\t", firstLine: 1 };
    let rows: string[][] = [];
    try {
      rows = parseSync(probe, { ...optionsOf(dialect), to: PROBE_ROWS });
    } catch {
      // Not separated by this.
    }
    const fields = rows[0]?.length ?? 0;
    return { dialect, fields: rows.every((row) => row.length === fields) ? fields : Math.min(1, fields) };
  });
  return tried.reduce((best, one) => (one.fields > best.fields ? one : best)).dialect;
}

async function* delimitedCells(path: string, format: "csv" | "tsv"): AsyncGenerator<CellBatch> {
  const chunks = utf8Chunks(path);
  const first = await chunks.next();
  if (first.done) return;
  const dialect = dialectFor(first.value.bytes, format);
  const parser = parse({ ...optionsOf(dialect), ...(dialect.quoted ? { relax_quotes: true } : {}), info: true });
  const bytes = Readable.from(
    (async function* () {
      yield first.value.bytes;
      for await (const chunk of chunks) yield chunk.bytes;
    })(),
  );
  bytes.on("error", (error) => parser.destroy(error)).pipe(parser);
  let columns: string[] | undefined;
  let line = 0;
  let rows: CellRow[] = [];
  type Parsed = { record: string[]; info: { lines: number } };
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      line = info.lines;
      if (!columns) {
        const hasHeader = !hasNumbersOnly(record);
        columns = namesFor(path, record, hasHeader);
        if (hasHeader) continue;
      }
      if (record.slice(columns.length).some((field) => field.trim() !== ""))
        throw new UserError(
          `${path}: line ${line} has ${record.length} fields, the first ${columns.length}: a value with "${dialect.delimiter}" in it must be in quotation marks`,
        );
      rows.push({ cells: record, line });
      if (rows.length < BATCH) continue;
      yield { columns, rows };
      rows = [];
    }
  } catch (error) {
    if (error instanceof CsvError)
      throw new UserError(`${path}: not ${format.toUpperCase()} (${reasonOf(error, line)})`);
    throw error;
  } finally {
    bytes.destroy();
  }
  yield { columns: columns ?? [], rows };
}

async function* blankCells(path: string): AsyncGenerator<CellBatch> {
  let columns: string[] | undefined;
  for await (const lines of linesOf(path)) {
    const rows: CellRow[] = [];
    for (const { bytes, number } of lines) {
      const cells = bytes
        .toString("utf8")
        .trim()
        .split(/[\s,;]+/);
      if (!columns) {
        const hasHeader = !hasNumbersOnly(cells);
        columns = namesFor(path, cells, hasHeader);
        if (hasHeader) continue;
      }
      if (cells.length > columns.length)
        throw new UserError(`${path}: line ${number} has ${cells.length} values, the first ${columns.length}`);
      rows.push({ cells, line: number });
    }
    yield { columns: columns ?? [], rows };
  }
}

/** A value of JSON or Parquet as a cell. */
export function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return Number(value);
  return value instanceof Date ? value.toISOString() : JSON.stringify(value);
}

const Json = z.record(z.string(), z.unknown());

async function* jsonCells(path: string): AsyncGenerator<CellBatch> {
  const columns: string[] = [];
  const places = new Map<string, number>();
  const rowOf = (value: unknown, unit: "entry" | "line", line: number): CellRow => {
    const object = Json.safeParse(value);
    if (!object.success) throw new UserError(`${path}: ${unit} ${line} is not a JSON object`);
    const cells: Cell[] = [];
    for (const [name, one] of Object.entries(object.data)) {
      const at = places.get(name) ?? columns.length;
      if (at === columns.length) {
        columns.push(name);
        places.set(name, at);
      }
      cells[at] = cellOf(one);
    }
    return { cells, line };
  };
  const array = (await firstCharacter(path)) === "[" ? await arrayIn(path) : undefined;
  if (array) {
    const rows = array.map((value, at) => rowOf(value, "entry", at + 1));
    yield { columns, rows };
    return;
  }
  for await (const lines of linesOf(path)) {
    const rows = lines.map(({ bytes, number }) => {
      const text = bytes.toString("utf8");
      const value = parseTornJson(text) ?? parseJson(text, `${path}: line ${number}`, adviceFor(text));
      return rowOf(value, "line", number);
    });
    yield { columns, rows };
  }
}

async function* parquetCells(path: string): AsyncGenerator<CellBatch> {
  const file = await openParquet(path);
  try {
    const { columns } = file;
    let line = 1;
    for await (const rows of file.rows())
      yield {
        columns,
        rows: rows.map((row) => ({ cells: columns.map((name) => cellOf(row[name])), line: line++ })),
      };
  } finally {
    await file.close();
  }
}
