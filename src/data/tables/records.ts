import { UserError } from "../../foundation/errors.ts";
import { labelOfColumns, SEPARATOR } from "../answers.ts";
import { type Columns, LABEL_COLUMN, labelNamesOf, missing, namesOf, positionOf } from "./columns.ts";

/** A row of a table: its text (a sample's, or its path in a table of labels), and its label if it has one. */
export interface Row {
  readonly text: string;
  readonly label: string | undefined;
  /** Line or row in the file, from 1. */
  readonly line: number;
}

/** The names that columns have in a table with named fields; undefined for one that is not there. */
export interface Fields {
  readonly text: readonly (string | undefined)[];
  /** One column of labels, or several. */
  readonly labels: readonly (string | undefined)[];
  /** What they were asked for as. */
  readonly labelNames: readonly string[];
}

/** The fields among those that exist. @throws UserError when a name fits several */
export function fieldsAmong(path: string, columns: Columns, existing: readonly string[]): Fields {
  const find = (name: string) => existing[positionOf(path, name, existing)];
  const labelNames = labelNamesOf(columns.labelColumn ?? LABEL_COLUMN, existing);
  return { text: namesOf(columns).map(find), labels: labelNames.map(find), labelNames };
}

/** @throws UserError when a requested column is missing */
export function requireFields(path: string, columns: Columns, fields: Fields, existing: readonly string[]): void {
  namesOf(columns).forEach((name, at) => {
    if (fields.text[at] === undefined) throw missing(path, name, existing, false, columns.advice);
  });
  if (columns.labelColumn === undefined) return;
  const lacking = fields.labelNames[fields.labels.indexOf(undefined)];
  if (lacking !== undefined) throw missing(path, lacking, existing, true, columns.advice);
}

type Named = Readonly<Record<string, unknown>>;

/** A field as text; empty for a missing one. @throws UserError when it is a list, an object or bytes */
function asText(value: unknown, at: () => string): string {
  if (typeof value === "string") return value;
  // In Parquet, pandas writes missing numbers as NaN.
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  if (typeof value === "object" && !(value instanceof Date))
    throw new UserError(`${at()} holds ${globalThis.Array.isArray(value) ? "a list" : "an object"}, and not a text`);
  return String(value);
}

/** A label as text; a list holds the labels of a multi-label sample. */
export const asLabel = (value: unknown, at: () => string): string =>
  globalThis.Array.isArray(value) ? value.map((one) => asText(one, at)).join(SEPARATOR) : asText(value, at);

/** The label of a row: that of one column, or of several. */
export const labelIn = (names: readonly string[], cells: readonly string[]): string | undefined =>
  names.length > 1 ? labelOfColumns(names, cells) : cells[0]?.trim() || undefined;

/** Text and label of a row with named fields. @param where the row, for messages */
export function pick(record: Named, { text, labels, labelNames }: Fields, where: string): Omit<Row, "line"> {
  const at = (name: string) => () => `${where}: column "${name}"`;
  return {
    text: text.map((name) => (name === undefined ? "" : asText(record[name], at(name)))).join(" "),
    label: labelIn(
      labelNames,
      labels.map((name) => (name === undefined ? "" : asLabel(record[name], at(name)))),
    ),
  };
}
