import { readFile } from "node:fs/promises";
import { dirname } from "node:path/posix";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import { messageOf, UserError } from "../foundation/errors.ts";
import { fileError } from "../foundation/files.ts";

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
 * Labels from a CSV file with columns `path` and `label`, paths as in the data.
 * @throws UserError when a column is missing or a path is not in the data
 */
export async function labelsFromCsv(file: string, names: readonly string[]): Promise<Labels | undefined> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw fileError(file, "read", error);
  });
  let rows: unknown;
  try {
    rows = parse(text, {
      columns: true,
      skip_empty_lines: true,
      trim: true,
      bom: true,
      record_delimiter: ["\r\n", "\n"],
    });
  } catch (error) {
    throw new UserError(`${file}: not CSV (${messageOf(error)})`);
  }
  const parsed = z.array(z.object({ path: z.string(), label: z.string() })).safeParse(rows);
  if (!parsed.success) throw new UserError(`${file}: needs the columns "path" and "label" in its first line`);
  const positions = new Map(names.map((name, position) => [name, position]));
  const rowsFor = parsed.data.map(({ path, label }) => ({
    path: path.replaceAll("\\", "/").replace(/^\.\//, ""),
    label,
  }));
  const perEntry: (string | undefined)[] = names.map(() => undefined);
  const unknown = rowsFor.filter(({ path }) => !positions.has(path));
  if (unknown.length > 0)
    throw new UserError(`${file}: ${unknown.length} paths are not in the data; the first is ${unknown[0]?.path}`);
  for (const { path, label } of rowsFor) if (label !== "") perEntry[positions.get(path)!] = label;
  return labelsOf(perEntry);
}
