import type { TableOptions } from "../../../data/source.ts";
import { captionColumns } from "../../../data/tables/captions.ts";
import type { Cell, CellRow } from "../../../data/tables/cells.ts";
import {
  isNumber,
  LABEL_COLUMN,
  labelNamesOf,
  missing,
  positionOf,
  positionsOf,
} from "../../../data/tables/columns.ts";
import { labelIn } from "../../../data/tables/records.ts";
import type { TableFormat } from "../../../data/tables/rows.ts";
import { UserError } from "../../../foundation/errors.ts";
import type { Said } from "./entries.ts";

/** Names of a column of paths, the surest first. */
const PATHS = ["path", "file_name", "filename", "image_path", "image_file", "image", "img", "filepath", "file"];
/** The column of what an image shows. */
const KEY_COLUMN = "key";

/** Which column of a table is what; by position. */
export interface Roles {
  readonly image: number;
  /** Each caption is one column, or several that are joined by a space. */
  readonly captions: readonly (readonly number[])[];
  readonly labels: readonly { readonly name: string; readonly at: number }[];
  readonly group: number | undefined;
  readonly key: number | undefined;
  readonly others: readonly number[];
}

/** The column of paths; undefined if none is called so. */
export const pathColumn = (columns: readonly string[]): number | undefined =>
  PATHS.flatMap((name) => positionsOf(name, columns))[0];

/** How the captions of these columns are asked for. */
export const inWords = (columns: readonly string[], { captions }: Pick<Roles, "captions">): string =>
  captions.map((parts) => parts.map((at) => columns[at]).join("+")).join(",");

/**
 * Which column is what. `column` lists the columns of captions, separated by commas; those joined by `+` make one caption.
 * @param image the column of images, if it is not found by its name
 * @throws UserError when one is not there, or none is found
 */
export function rolesOf(
  path: string,
  columns: readonly string[],
  rows: readonly CellRow[],
  { column, by, group, labelColumn }: TableOptions,
  image = pathColumn(columns),
): Roles {
  const find = (name: string, flag: string): number => {
    const position = positionOf(path, name, columns);
    if (position >= 0) return position;
    if (isNumber(name) && Number(name) <= columns.length) return Number(name) - 1;
    throw missing(path, name, columns, false, `name one with ${flag}`);
  };
  if (image === undefined)
    throw missing(path, PATHS[0]!, columns, false, "the images' files are named in such a column");
  const isThere = (name: string) => positionsOf(name, columns).length > 0;
  const captions =
    column === undefined
      ? captionColumns(columns, rows, image).map((at) => [at])
      : column.split(",").map((part) => {
          const name = part.trim();
          return (isThere(name) ? [name] : name.split("+")).map((one) => find(one.trim(), "--column"));
        });
  if (captions.length === 0)
    throw missing(path, "caption", columns, false, "name the columns with captions with --column");
  const usual = positionOf(path, LABEL_COLUMN, columns);
  const labels =
    labelColumn === undefined
      ? [{ name: LABEL_COLUMN, at: usual }].filter(({ at }) => at >= 0)
      : labelNamesOf(labelColumn, columns).map((name) => ({ name, at: find(name, "--label-column") }));
  const groups = group === undefined ? -1 : positionOf(path, group, columns);
  const key = by === undefined ? positionOf(path, KEY_COLUMN, columns) : find(by, "--by");
  const taken = new Set([image, ...captions.flat(), ...labels.map(({ at }) => at)]);
  if (labels.some(({ at }) => captions.flat().includes(at)))
    throw new UserError(`${path}: a column of captions is asked for as labels, too; name others with --column`);
  return {
    ...{ image, captions, labels },
    group: groups >= 0 ? groups : undefined,
    key: key >= 0 ? key : undefined,
    others: columns.flatMap((_, at) => (taken.has(at) ? [] : [at])),
  };
}

/** A cell as a text; undefined for an empty one. */
export const textOf = (cell: Cell): string | undefined =>
  cell === undefined || (typeof cell === "number" && Number.isNaN(cell)) ? undefined : String(cell).trim() || undefined;

/** What a row says of an image. @param image its name */
export function saidIn(
  { cells, line }: CellRow,
  image: string,
  columns: readonly string[],
  { captions, labels, group, key, others }: Roles,
  format: TableFormat,
): Said {
  return {
    image,
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
  };
}

/** What was read from which columns, for a note. @param file that it is said of */
export function rolesInWords(file: string, columns: readonly string[], roles: Roles): string {
  const key =
    roles.key === undefined
      ? "images with an equal caption show the same (--by names a column that says it better)"
      : `images of the same ${columns[roles.key]} show the same`;
  return `${file}: captions from ${inWords(columns, roles)}; ${key}`;
}

/** The texts in a cell: one, or in JSON and Parquet a list. */
function textsIn(cell: Cell, format: TableFormat): string[] {
  if (cell === undefined || (typeof cell === "number" && Number.isNaN(cell))) return [];
  const text = String(cell);
  if (format !== "json" && format !== "parquet") return [text];
  if (!text.startsWith("[")) return [text];
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list)) return list.flatMap((one) => (typeof one === "string" ? [one] : []));
  } catch {
    // A text that begins with a bracket.
  }
  return [text];
}
