import { basename, dirname, posix } from "node:path";
import type { OpenOptions } from "../../../data/source.ts";
import { type Cell, cellsOf, firstCells } from "../../../data/tables/cells.ts";
import { labelIn } from "../../../data/tables/records.ts";
import { type TableFormat, tableFormatOf } from "../../../data/tables/rows.ts";
import { UserError } from "../../../foundation/errors.ts";
import { isFile } from "../../../foundation/files.ts";
import { unguardCell } from "../../../foundation/formula.ts";
import { captionColumns, inWords, pathColumn, type Roles, rolesOf, textsIn } from "./columns.ts";
import { EntryCollector } from "./entries.ts";
import { locateImages } from "./locate.ts";

/** What a table says of images, and how it was read. */
export interface TableEntries {
  readonly collector: EntryCollector;
  readonly notes: readonly string[];
}

const textOf = (cell: Cell): string | undefined =>
  cell === undefined || (typeof cell === "number" && Number.isNaN(cell)) ? undefined : String(cell).trim() || undefined;

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
    const { image, captions, labels, group, key, others } = roles;
    for (const { cells, line } of batch.rows)
      collector.add({
        image: pathIn(cells[image], format),
        captions: captions.flatMap((parts) =>
          parts.length === 1
            ? textsIn(cells[parts[0]!], format)
            : [parts.flatMap((at) => textsIn(cells[at], format)).join(" ")],
        ),
        label: labelIn(
          labels.map(({ name }) => name),
          labels.map(({ at }) => textOf(cells[at]) ?? ""),
        ),
        group: group === undefined ? undefined : textOf(cells[group]),
        key: key === undefined ? undefined : textOf(cells[key]),
        others: new Map(others.map((at) => [columns[at]!, textOf(cells[at])])),
        where: `row ${line}`,
      });
  }
  if (!roles) throw new UserError(`${path}: no rows${columns.length > 0 ? " below the names of the columns" : ""}`);
  if (collector.images.length === 0)
    throw new UserError(
      `${path}: no row has an image and a caption (columns ${columns[roles.image]}; ${inWords(columns, roles)})`,
    );
  const key =
    roles.key === undefined
      ? "images with an equal caption show the same (--by names a column that says it better)"
      : `images of the same ${columns[roles.key]} show the same`;
  return { collector, notes: [`${file}: captions from ${inWords(columns, roles)}; ${key}`] };
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
