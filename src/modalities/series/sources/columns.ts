import type { OpenOptions } from "../../../data/source.ts";
import { type CellRow, numberIn } from "../../../data/tables/cells.ts";
import { isNumber, LABEL_COLUMN, positionOf } from "../../../data/tables/columns.ts";
import { isTimeName, timeIn } from "../../../data/tables/times.ts";
import { UserError } from "../../../foundation/errors.ts";
import { shortened } from "../../../foundation/printable.ts";

/** What the columns of a table are; positions from 0. */
export interface Roles {
  readonly time?: number;
  readonly by?: number;
  readonly label?: number;
  readonly group?: number;
  /** Of a long table, with a row for each value: which channel, and its value. */
  readonly long?: { readonly channel: number; readonly value: number };
  /** Columns that may be channels, where the table is wide. */
  readonly channels: readonly number[];
}

/** Names of the columns of a long table. */
const CHANNEL = /^(channel|variable|sensor|tag|metric|signal|parameter|measure)$/i;
const VALUE = /^(value|reading|measurement|val)$/i;
/** What a column of labels may be called that is no channel either. */
const UNNAMED = /^unnamed: \d+$/i;

/** The first of the columns, for messages. */
export const listed = (columns: readonly string[]): string =>
  `${columns
    .slice(0, 12)
    .map((name) => shortened(name))
    .join(", ")}${columns.length > 12 ? " …" : ""}`;

/**
 * Which column is what: as named, else by usual names.
 * @param rows the first rows
 * @throws UserError when a named column is missing
 */
export function rolesOf(
  path: string,
  columns: readonly string[],
  rows: readonly CellRow[],
  { time, by, group, labelColumn, column }: OpenOptions,
): Roles {
  const find = (name: string | undefined, flag: string): number | undefined => {
    if (name === undefined) return undefined;
    const position = positionOf(path, name, columns);
    const place = position >= 0 ? position : isNumber(name) && Number(name) <= columns.length ? Number(name) - 1 : -1;
    if (place >= 0) return place;
    throw new UserError(
      `${path}: no column "${shortened(name)}"; there are: ${listed(columns)}; name one with ${flag}`,
    );
  };
  const isTime = (name: string, at: number) => isTimeName(name) && rows.some(({ cells }) => timeIn(cells[at]));
  const guessed = columns.findIndex(isTime);
  const roles = {
    time: find(time, "--time") ?? (guessed >= 0 ? guessed : undefined),
    by: find(by, "--by"),
    label: find(labelColumn, "--label-column") ?? (positionOf(path, LABEL_COLUMN, columns) + 1 || undefined),
    // A pattern for names, or a column of the table of labels.
    group: group === undefined || positionOf(path, group, columns) < 0 ? undefined : positionOf(path, group, columns),
  };
  if (labelColumn === undefined && roles.label !== undefined) roles.label -= 1;
  const taken = new Set(Object.values(roles).filter((at) => at !== undefined));
  const free = columns.flatMap((name, at) => (taken.has(at) || UNNAMED.test(name) ? [] : [at]));
  const chosen = column?.split(",").map((name) => find(name.trim(), "--column")!);
  const channel = free.find((at) => CHANNEL.test(columns[at]!) && rows.some(({ cells }) => isText(cells[at])));
  const value = free.find((at) => VALUE.test(columns[at]!));
  const known = Object.fromEntries(Object.entries(roles).filter(([, at]) => at !== undefined));
  if (!chosen && channel !== undefined && value !== undefined)
    return { ...known, long: { channel, value }, channels: [] };
  return { ...known, channels: chosen ?? free };
}

const isText = (cell: string | number | undefined): boolean => numberIn(cell) === undefined;
