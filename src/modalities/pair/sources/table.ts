import { basename, dirname, posix } from "node:path";
import type { OpenOptions } from "../../../data/source.ts";
import { captionColumns } from "../../../data/tables/captions.ts";
import { type Cell, cellsOf, firstCells } from "../../../data/tables/cells.ts";
import { type TableFormat, tableFormatOf } from "../../../data/tables/rows.ts";
import { UserError } from "../../../foundation/errors.ts";
import { isFile } from "../../../foundation/files.ts";
import { unguardCell } from "../../../foundation/formula.ts";
import { inWords, pathColumn, type Roles, rolesInWords, rolesOf, saidIn, textOf } from "./columns.ts";
import { EntryCollector } from "./entries.ts";
import { locateImages } from "./locate.ts";

/** What a table says of images, and how it was read. */
export interface TableEntries {
  readonly collector: EntryCollector;
  readonly notes: readonly string[];
}

/** A path as tables write it, without what changes nothing. */
function pathIn(cell: Cell, format: TableFormat): string {
  const written = textOf(cell) ?? "";
  const path = format === "csv" || format === "tsv" ? unguardCell(written) : written;
  return path === "" ? "" : posix.normalize(path);
}

/**
 * Reads what a table says of images: a row names one, and has its captions in one column or several. Rows of the same image are
 * one entry.
 * @throws UserError when a column is missing, or the file is broken
 */
export async function entriesIn(path: string, options: OpenOptions): Promise<TableEntries> {
  const format = tableFormatOf(path) ?? "csv";
  const file = basename(path);
  const collector = new EntryCollector(path);
  let roles: Roles | undefined;
  let columns: readonly string[] = [];
  for await (const batch of cellsOf(path, format)) {
    // Of JSON lines, later rows may have columns that the first have not.
    if (batch.rows.length > 0 && (!roles || batch.columns.length > columns.length)) {
      columns = [...batch.columns];
      roles = rolesOf(path, columns, batch.rows, options);
    }
    if (!roles) continue;
    for (const row of batch.rows)
      collector.add(saidIn(row, pathIn(row.cells[roles.image], format), columns, roles, format));
  }
  if (!roles) throw new UserError(`${path}: no rows${columns.length > 0 ? " below the names of the columns" : ""}`);
  if (collector.images.length === 0)
    throw new UserError(
      `${path}: no row has an image and a caption (columns ${columns[roles.image]}; ${inWords(columns, roles)})`,
    );
  return { collector, notes: [rolesInWords(file, columns, roles)] };
}

/** Rows that are looked at to tell what a table is. */
const LOOKED = 64;

/** Whether a table names images that are there and has a column that is called like captions. */
export async function listsPairs(path: string): Promise<boolean> {
  const format = tableFormatOf(path);
  if (!format || !(await isFile(path))) return false;
  const first = await firstCells(path, format);
  if (!first) return false;
  const rows = first.rows.slice(0, LOOKED);
  const image = pathColumn(first.columns);
  if (image === undefined || captionColumns(first.columns, rows, image).length === 0) return false;
  const paths = [...new Set(rows.map(({ cells }) => pathIn(cells[image], format)).filter((one) => one !== ""))];
  const { kept } = await locateImages(dirname(path), paths).catch((error: unknown) => {
    if (error instanceof UserError) return { kept: [] };
    throw error;
  });
  return 2 * kept.length > paths.length;
}
