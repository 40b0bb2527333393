import { dirname } from "node:path/posix";
import { UserError } from "../foundation/errors.ts";
import type { Collection } from "./files/collection.ts";
import { cellsByPath } from "./tables/by-path.ts";
import { LABEL_COLUMN } from "./tables/columns.ts";

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
 * The labels of files where no table gives them: those that lie with them in an archive, or their sub-folders.
 * @param field of records, or column, with the labels, for data that have such
 */
export async function labelsOfFiles(
  { labels }: Pick<Collection, "labels">,
  names: readonly string[],
  field?: string,
): Promise<Labels | undefined> {
  if (!labels) return labelsFromFolders(names);
  const written = await labels(field);
  return written && labelsOf(written);
}

/**
 * Labels from a table with columns `path` and `label`, see `cellsByPath`. Several labels in one field are written `cat|indoor`.
 * @throws UserError when a column is missing, no path has a label, or a path is not in the data or has two labels
 *
 * @example
 * const { classes, labels } = await labelsFromTable("labels.csv", ["cats/1.wav", "dogs/2.wav"]);
 */
export async function labelsFromTable(file: string, names: readonly string[]): Promise<Labels> {
  const advice = "a table of labels needs the columns path and label";
  const labels = labelsOf(await cellsByPath(file, names, { column: LABEL_COLUMN, advice, verb: "labels" }));
  if (!labels) throw new UserError(`${file}: contains no labels`);
  return labels;
}
