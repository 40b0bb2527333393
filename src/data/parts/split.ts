import { UserError } from "../../foundation/errors.ts";
import { shortened } from "../../foundation/printable.ts";
import type { Source } from "../source.ts";
import { cellsByPath } from "../tables/by-path.ts";
import { NO_PART, type Part, type PartOf, parts } from "./part.ts";

/** Other names that parts have in published files. */
const SYNONYMS: Readonly<Record<string, Part>> = {
  training: "train",
  valid: "validation",
  val: "validation",
  dev: "validation",
  testing: "test",
};

/** The part that a cell names, by its place in `parts`; −1 if it names none. */
function partNamed(cell: string): number {
  const name = cell.trim().toLowerCase();
  return parts.indexOf((SYNONYMS[name] ?? name) as Part);
}

function partIn(cell: string, where: string): number {
  const part = partNamed(cell);
  if (part >= 0) return part;
  throw new UserError(
    `${where}: "${shortened(cell)}" is no part of a split; write ${parts.join(", ")}, or nothing for what belongs to none`,
  );
}

/** @throws UserError when a cell is no part, or nothing is to train or to test on */
export function partsIn(cells: readonly (string | undefined)[], where: string): PartOf {
  const result = Uint8Array.from(cells, (cell) => (cell?.trim() ? partIn(cell, where) : NO_PART));
  for (const part of ["train", "test"] as const)
    if (!result.includes(parts.indexOf(part))) throw new UserError(`${where}: no entry is of the part ${part}`);
  return result;
}

/** Column of the data that says which part an entry is of. */
export const SPLIT_COLUMN = "split";

/**
 * The entries that the data's own column `split` says to train on; undefined if there is no such column, or it says so of none or
 * of all.
 */
export function trainingEntries(source: Source<unknown>): Int32Array | undefined {
  const cells = source.column?.(SPLIT_COLUMN) ?? [];
  const isTraining = (cell = "") => parts[partNamed(cell)] === "train";
  const entries = Int32Array.from(cells.keys()).filter((entry) => isTraining(cells[entry]));
  return entries.length > 0 && entries.length < source.length ? entries : undefined;
}

/**
 * A split from a table with the columns `path` and `split`.
 * @throws UserError when it is none, or names entries that the data have not
 */
export async function splitFromTable(file: string, names: readonly string[]): Promise<PartOf> {
  const advice = "a table of a split needs the columns path and split";
  return partsIn(await cellsByPath(file, names, { column: "split", advice, verb: "puts" }), file);
}

/** Names of folds in their order: 2 before 10. */
const inOrder = (names: Iterable<string>): string[] =>
  [...new Set(names)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));

/** The fold of every entry, numbered in the order of their names; −1 for none. @throws UserError when there is only one */
export function foldsIn(cells: readonly (string | undefined)[], where: string): Int32Array {
  const names = inOrder(cells.flatMap((cell) => cell?.trim() || []));
  if (names.length < 2)
    throw new UserError(
      `${where}: ${names.length === 0 ? "no folds" : `every fold is "${names[0]}"`}; at least two are needed`,
    );
  return Int32Array.from(cells, (cell) => names.indexOf(cell?.trim() ?? ""));
}

/** Folds from a table with the columns `path` and `fold`. @throws UserError as `splitFromTable` */
export async function foldsFromTable(file: string, names: readonly string[]): Promise<Int32Array> {
  const advice = "a table of folds needs the columns path and fold";
  return foldsIn(await cellsByPath(file, names, { column: "fold", advice, verb: "puts" }), file);
}

/**
 * Some entries of a source, in their order. Its manifest is that of the whole: threads that reopen it get all entries.
 * @param entries indices into the source
 */
export function subset<Sample>(source: Source<Sample>, entries: Int32Array): Source<Sample> {
  const { labels, whole, group, column, parts: partOf, folds, keys } = source;
  const at = (index: number): number => entries[index] ?? index;
  return {
    ...source,
    sources: undefined,
    length: entries.length,
    name: (index) => source.name(at(index)),
    read: (index) => source.read(at(index)),
    ...(labels ? { labels: entries.map((entry) => labels[entry]!) } : {}),
    ...(partOf ? { parts: Uint8Array.from(entries, (entry) => partOf[entry]!) } : {}),
    ...(keys ? { keys: entries.map((entry) => keys[entry]!) } : {}),
    ...(folds ? { folds: entries.map((entry) => folds[entry]!) } : {}),
    ...(column
      ? {
          column: (name: string) => {
            const cells = column(name);
            return cells && Array.from(entries, (entry) => cells[entry]);
          },
        }
      : {}),
    ...(whole ? { whole: (index: number) => whole(at(index)) } : {}),
    ...(group ? { group: (index: number) => group(at(index)) } : {}),
  };
}
