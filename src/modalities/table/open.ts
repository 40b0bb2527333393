import { basename } from "node:path";
import * as z from "zod";
import { listFiles } from "../../data/files/listing.ts";
import { packing } from "../../data/files/packed.ts";
import { labelsFromTable, labelsOf } from "../../data/labels.ts";
import type { Recognition } from "../../data/modality.ts";
import type { OpenOptions, Source } from "../../data/source.ts";
import { type Cell, cellOf, cellsOf, firstCells, isMissing, numberIn } from "../../data/tables/cells.ts";
import { isNumber, LABEL_COLUMN, labelNamesOf, missing, positionOf } from "../../data/tables/columns.ts";
import { areGraphs, endsIn } from "../../data/tables/edges.ts";
import { Profile } from "../../data/tables/profile.ts";
import { labelIn } from "../../data/tables/records.ts";
import { type TableFormat, tableFormatOf } from "../../data/tables/rows.ts";
import { isTimeName, timeIn } from "../../data/tables/times.ts";
import { BrokenSample, messageOf, UserError } from "../../foundation/errors.ts";
import { parseJson } from "../../foundation/json.ts";
import { tableTypeOf } from "./formula/column.ts";
import type { Row } from "./row.ts";
import { isStore, TableCollector, tableSource } from "./sources/store.ts";

/** A cell as it is kept: a number, a text, or nothing. */
function kept(cell: Cell): string | number | undefined {
  if (isMissing(cell)) return undefined;
  return numberIn(cell) ?? (String(cell).trim().normalize("NFC") || undefined);
}

const textOf = (cell: Cell): string | undefined =>
  cell === undefined || (typeof cell === "number" && Number.isNaN(cell)) ? undefined : String(cell).trim() || undefined;

/**
 * Opens the rows of a table as samples.
 * @throws UserError when there are none, a named column is missing, or the file is broken
 */
export async function openTable(path: string, options: OpenOptions = {}): Promise<Source<Row>> {
  const format = tableFormatOf(path);
  const { isFolder } = await listFiles(path, () => false);
  if (!format || isFolder) {
    const packed = isFolder ? "it is a folder" : await packing(path);
    throw new UserError(
      `${path}: not a table${packed === undefined ? "" : ` (${packed})`}; rows are read from one CSV, TSV, JSONL or Parquet file`,
    );
  }
  const collector = new TableCollector();
  let roles: Roles | undefined;
  let columns: readonly string[] = [];
  // The array of names may be one that grows.
  let known = 0;
  for await (const batch of cellsOf(path, format)) {
    // Of JSON lines, later rows may have columns that the first have not.
    if (!roles || batch.columns.length > known) roles = rolesOf(path, batch.columns, options, format);
    ({ columns } = batch);
    known = columns.length;
    const { features, labels: labelled, group } = roles;
    for (const { cells, line } of batch.rows) {
      collector.add(
        line,
        features.map((at) => [at, columns[at]!, kept(cells[at])] as const),
      );
      if (labelled.length > 0)
        collector.label(
          labelIn(
            labelled.map(({ name }) => name),
            labelled.map(({ at }) => (at === undefined ? "" : (textOf(cells[at]) ?? ""))),
          ),
        );
      if (group !== undefined) collector.group(textOf(cells[group]));
    }
  }
  if (collector.rows === 0)
    throw new UserError(`${path}: no rows${columns.length > 0 ? " below the names of the columns" : ""}`);
  // What may be missing from the first lines of JSON must be there in the end.
  const { group, isGrouped } = rolesOf(path, columns, options, undefined);
  const file = basename(path);
  const store = collector.end(file, unnamed(path, columns));
  const names = () => Array.from({ length: collector.rows }, (_, row) => `${file}:${store.lines[row]}`);
  const labels = options.labels
    ? await labelsFromTable(options.labels, names())
    : collector.labels && labelsOf(collector.labels);
  return tableSource({
    ...store,
    ...labels,
    ...(isGrouped && group !== undefined && options.group !== undefined ? { groupedBy: options.group } : {}),
  });
}

interface Roles {
  readonly features: readonly number[];
  /** Several, if there are several columns of labels. */
  readonly labels: readonly { readonly name: string; readonly at: number | undefined }[];
  readonly group: number | undefined;
  readonly isGrouped: boolean;
}

/** Which column is what. @param format JSON lines are not yet refused for a column that the first of them lack */
function rolesOf(
  path: string,
  columns: readonly string[],
  { column, labelColumn, group }: OpenOptions,
  format: TableFormat | undefined,
): Roles {
  const find = (name: string, isLabel: boolean): number | undefined => {
    const position = positionOf(path, name, columns);
    if (position >= 0) return position;
    if (isNumber(name) && Number(name) <= columns.length) return Number(name) - 1;
    if (format === "json") return undefined;
    throw missing(path, name, columns, isLabel, `name one with ${isLabel ? "--label-column" : "--column"}`);
  };
  const usual = positionOf(path, LABEL_COLUMN, columns);
  const labels =
    labelColumn === undefined
      ? [{ name: LABEL_COLUMN, at: usual }].filter(({ at }) => at >= 0)
      : labelNamesOf(labelColumn, columns).map((name) => ({ name, at: find(name, true) }));
  const groups = group === undefined ? -1 : positionOf(path, group, columns);
  const chosen = column?.split(",").flatMap((name) => find(name.trim(), false) ?? []);
  const all = chosen ?? columns.map((_, at) => at);
  return {
    features: all.filter((at) => labels.every((label) => label.at !== at) && at !== groups),
    labels,
    group: groups >= 0 ? groups : undefined,
    isGrouped: groups >= 0,
  };
}

/** A remark where the names of columns look like values. */
function unnamed(path: string, columns: readonly string[]): string[] {
  const numbers = columns.filter((name) => numberIn(name) !== undefined && !isMissing(name));
  const isCounted = columns.every((name, at) => name === String(at + 1));
  if (numbers.length === 0 || isCounted) return [];
  return [
    `${path}: the first row is taken for the names of the columns, and some are numbers (${numbers.slice(0, 3).join(", ")}); if the file has no such row, add one`,
  ];
}

export async function reopenTable(manifest: unknown): Promise<Source<Row>> {
  if (!isStore(manifest)) throw new Error("not the manifest of a table");
  return tableSource(manifest);
}

/** Rows that are looked at to tell what a table is. */
const LOOKED = 1024;

/**
 * Certain of a table with columns of categories and others to learn from, unless a column of times makes its numbers a
 * series; a table of numbers alone may be one.
 */
export async function recognisesTable(path: string): Promise<Recognition> {
  const format = tableFormatOf(path);
  if (!format || (await listFiles(path, () => false)).isFolder) return undefined;
  const first = await firstCells(path, format);
  if (!first) return undefined;
  const { columns } = first;
  if (areGraphs(columns)) return undefined;
  const rows = first.rows.slice(0, LOOKED);
  const types = columns.flatMap((name, at) => {
    if (name.trim().toLowerCase() === LABEL_COLUMN) return [];
    const profile = new Profile(name);
    for (const { cells } of rows) profile.add(kept(cells[at]));
    const isTime = isTimeName(name) && rows.some(({ cells }) => timeIn(cells[at]));
    return [isTime ? "time" : tableTypeOf(profile).type];
  });
  const count = (type: string) => types.filter((one) => one === type).length;
  const [numbers, categories, dates] = [count("number"), count("category"), count("date")];
  const usable = numbers + categories + dates;
  if (count("formula") > 0) return "certain";
  if (usable < 2 || 2 * usable < types.length) return undefined;
  if (count("time") > 0 && 2 * numbers >= types.length - count("time")) return undefined;
  // Edges of a graph are rows, too, and seldom meant as such.
  return categories > 0 && !endsIn(columns)?.isSure ? "certain" : "possible";
}

const Sent = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** A source of one row from JSON: `{"age": 39, "job": "nurse"}`. */
export function givenRow(bytes: Uint8Array, name: string): Source<Row> {
  const decode = (): Row => {
    let sent: unknown;
    try {
      sent = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes), "the row");
    } catch (error) {
      throw new BrokenSample(`not a row as JSON (${messageOf(error)})`);
    }
    const row = Sent.safeParse(sent);
    if (!row.success)
      throw new BrokenSample('not a row: send one object of names and values, {"age": 39, "job": "nurse"}');
    return { cells: new Map(Object.entries(row.data).map(([column, value]) => [column, kept(cellOf(value))])) };
  };
  return { length: 1, name: () => name, read: async () => decode(), manifest: undefined, close: async () => undefined };
}
