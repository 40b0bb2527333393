import type { Modality, Picture, Source } from "../../data/index.ts";
import { prepareOutput, writeOutput } from "../../foundation/outputs.ts";
import { prepareTable } from "../../interop/table.ts";
import { type PictureSheet, pictureSheet } from "./picture-sheet.ts";

/** Pictures in a row of a sheet; longer groups wrap. */
const ACROSS = 10;
const MOST_ROWS = 60;

/** The sheet next to a table: `x.png` for `x.csv`. */
const sheetOf = (table: string): string => `${table.replace(/\.csv$/i, "")}.png`;

/** Checks, before long work, that a table and its sheet can be written. @throws UserError naming the path */
export async function prepareTableAndSheet(table: string): Promise<void> {
  await prepareTable(table, ["csv"]);
  await prepareOutput(sheetOf(table));
}

/**
 * Writes a sheet of entries' pictures next to a table.
 * @param groups entries of the source; each group starts a new row
 * @returns the file; undefined if samples have no pictures or there are none to show
 */
export async function writeEntrySheet(
  table: string,
  { modality, source }: { modality: Modality<unknown>; source: Source<unknown> },
  title: string,
  groups: readonly (readonly number[])[],
): Promise<string | undefined> {
  const rows: PictureSheet["rows"][number][] = [];
  for (const group of groups)
    for (let start = 0; start < group.length && rows.length < MOST_ROWS; start += ACROSS) {
      const row: (Picture | undefined)[] = [];
      for (const index of group.slice(start, start + ACROSS))
        row.push((await modality.show(await source.read(index))).picture);
      if (row.every((picture) => picture === undefined)) return undefined;
      rows.push(row);
    }
  if (rows.length === 0) return undefined;
  const file = sheetOf(table);
  await writeOutput(file, [await pictureSheet({ title, columns: [], rows })]);
  return file;
}
