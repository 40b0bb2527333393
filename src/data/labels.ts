import { dirname, extname } from "node:path/posix";
import { UserError } from "../foundation/errors.ts";
import { unguardCell } from "../foundation/formula.ts";
import { shortened } from "../foundation/printable.ts";
import { finderOf } from "./names.ts";
import { rowsOf, tableFormats } from "./tables/rows.ts";

export interface Labels {
  readonly classes: readonly string[];
  /** Index into `classes` for each entry, −1 for none. */
  readonly labels: Int32Array;
}

/**
 * Classes sorted by name; −1 for entries without a label. The same name in composed and in decomposed characters is one
 * class, and blanks around a name are no part of it: a table may have lost both.
 */
export function labelsOf(written: readonly (string | undefined)[]): Labels | undefined {
  const perEntry = written.map((label) => label?.normalize("NFC").trim() || undefined);
  const classes = [...new Set(perEntry.filter((label) => label !== undefined))].sort();
  if (classes.length === 0) return undefined;
  const positions = new Map(classes.map((name, position) => [name, position]));
  return { classes, labels: Int32Array.from(perEntry, (label) => (label === undefined ? -1 : positions.get(label)!)) };
}

/**
 * If every entry is in a sub-folder and there are at least two of them, the sub-folders are the classes:
 * `cats/1.jpg`, `Balinese/character01/0108_01.png`.
 */
export function labelsFromFolders(names: readonly string[]): Labels | undefined {
  const labels = labelsOf(names.map((name) => (name.includes("/") ? dirname(name) : undefined)));
  return labels && labels.classes.length > 1 && !labels.labels.includes(-1) ? labels : undefined;
}

/**
 * Labels from a table with columns `path` and `label`, paths as in the data (`./`, `\\` for `/`, and blanks around a
 * path are forgiven, and composed characters are decomposed ones): CSV, TSV, JSONL or Parquet by its
 * extension, CSV by default. Several labels in one field are written `cat|indoor`.
 * @throws UserError when a column is missing, no path has a label, or a path is not in the data or has two labels
 *
 * @example
 * const { classes, labels } = await labelsFromTable("labels.csv", ["cats/1.wav", "dogs/2.wav"]);
 */
export async function labelsFromTable(file: string, names: readonly string[]): Promise<Labels> {
  const format = tableFormats[extname(file.replace(/\.gz$/i, "")).toLowerCase()] ?? "csv";
  const find = finderOf(names);
  const isGuarded = format === "csv" || format === "tsv";
  const perEntry: (string | undefined)[] = names.map(() => undefined);
  const unknown: string[] = [];
  const advice = "a table of labels needs the columns path and label";
  for await (const rows of rowsOf(file, format, { column: "path", labelColumn: "label", advice }))
    for (const { text, label: written, line } of rows) {
      const label = written?.normalize("NFC");
      if (text === "" && label === undefined) continue;
      if (text === "")
        throw new UserError(`${file}: row ${line} has the label "${shortened(label ?? "")}" and no path`);
      const position = (isGuarded ? find(unguardCell(text)) : undefined) ?? find(text);
      if (position === undefined) unknown.push(text);
      else if (perEntry[position] !== undefined && label !== undefined && perEntry[position] !== label)
        throw new UserError(
          `${file}: row ${line} labels ${shortened(text, 200)} "${shortened(label)}", an earlier row "${shortened(perEntry[position]!)}"`,
        );
      else perEntry[position] ??= label;
    }
  if (unknown.length > 0)
    throw new UserError(
      `${file}: ${unknown.length} paths are not in the data; the first is ${unknown[0]}, and the data have ${names[0]}`,
    );
  const labels = labelsOf(perEntry);
  if (!labels) throw new UserError(`${file}: contains no labels`);
  return labels;
}
