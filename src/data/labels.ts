import { dirname, extname } from "node:path/posix";
import { UserError } from "../foundation/errors.ts";
import { rowsOf, tableFormats } from "./tables/rows.ts";

export interface Labels {
  readonly classes: readonly string[];
  /** Index into `classes` for each entry, −1 for none. */
  readonly labels: Int32Array;
}

/** Classes sorted by name; entries without a label at −1. */
export function labelsOf(perEntry: readonly (string | undefined)[]): Labels | undefined {
  const classes = [...new Set(perEntry.filter((label) => label !== undefined))].sort();
  if (classes.length === 0) return undefined;
  const positions = new Map(classes.map((name, position) => [name, position]));
  return { classes, labels: Int32Array.from(perEntry, (label) => (label === undefined ? -1 : positions.get(label)!)) };
}

/**
 * Where every entry lies in a sub-folder and there are two such folders or more, they are the classes:
 * `cats/1.jpg`, `Balinese/character01/0108_01.png`.
 */
export function labelsFromFolders(names: readonly string[]): Labels | undefined {
  const labels = labelsOf(names.map((name) => (name.includes("/") ? dirname(name) : undefined)));
  return labels && labels.classes.length > 1 && !labels.labels.includes(-1) ? labels : undefined;
}

/**
 * Labels from a table with columns `path` and `label`, paths as in the data: CSV, TSV, JSONL or Parquet by its name, CSV
 * where that says nothing. A list of labels in one field is `cat|indoor`.
 * @throws UserError when a column is missing, no path has a label, or one is not in the data or has two
 *
 * @example
 * const { classes, labels } = await labelsFromTable("labels.csv", ["cats/1.wav", "dogs/2.wav"]);
 */
export async function labelsFromTable(file: string, names: readonly string[]): Promise<Labels> {
  const format = tableFormats[extname(file.replace(/\.gz$/i, "")).toLowerCase()] ?? "csv";
  const positions = new Map(names.map((name, position) => [name, position]));
  const perEntry: (string | undefined)[] = names.map(() => undefined);
  const unknown: string[] = [];
  const advice = "a table of labels has the columns path and label";
  for await (const rows of rowsOf(file, format, { column: "path", labelColumn: "label", advice }))
    for (const { text, label, line } of rows) {
      const path = text.trim().replaceAll("\\", "/").replace(/^\.\//, "");
      const position = positions.get(path);
      if (position === undefined) unknown.push(path);
      else if (perEntry[position] !== undefined && label !== undefined && perEntry[position] !== label)
        throw new UserError(`${file}: row ${line} calls ${path} "${label}", an earlier one "${perEntry[position]}"`);
      else perEntry[position] ??= label;
    }
  if (unknown.length > 0)
    throw new UserError(`${file}: ${unknown.length} paths are not in the data; the first is ${unknown[0]}`);
  const labels = labelsOf(perEntry);
  if (!labels) throw new UserError(`${file}: no label in it`);
  return labels;
}
