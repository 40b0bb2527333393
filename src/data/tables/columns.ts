import { UserError } from "../../foundation/errors.ts";
import { shortened } from "../../foundation/printable.ts";
import type { OpenOptions } from "../source.ts";

export interface Columns extends Pick<OpenOptions, "labelColumn"> {
  /** Column of the samples by name or by number from 1; several, separated by commas, are joined by a space. */
  readonly column: string;
  /** Advice in the message when a column is missing. */
  readonly advice?: string;
}

/** What the column of the labels is called where nothing else is said. */
export const LABEL_COLUMN = "label";

/** Several columns, separated by commas, are joined by a space: a title and a body. */
export const namesOf = ({ column }: Pick<Columns, "column">): string[] => column.split(",").map((name) => name.trim());

/** The columns of labels: one, if there is one of that name with its commas, or several, separated by commas. */
export const labelNamesOf = (labelColumn: string, existing: readonly string[]): string[] =>
  // The usual case first: JSON asks for every line.
  !labelColumn.includes(",") || positionsOf(labelColumn, existing).length > 0
    ? [labelColumn]
    : labelColumn.split(",").map((name) => name.trim());

export const isNumber = (name: string): boolean => /^[1-9]\d*$/.test(name);

const loosely = (name: string): string => name.trim().normalize("NFC").toLowerCase();

/** Positions of the columns of a name: those that have it exactly, else those that differ in case, blanks or composition. */
export function positionsOf(name: string, existing: readonly string[]): number[] {
  const where = (matches: (one: string) => boolean) =>
    existing.flatMap((one, position) => (matches(one) ? [position] : []));
  const exact = where((one) => one === name);
  return exact.length > 0 ? exact : where((one) => loosely(one) === loosely(name));
}

/** @returns −1 when there is no such column. @throws UserError when there are several */
export function positionOf(path: string, name: string, existing: readonly string[]): number {
  const [first = -1, second] = positionsOf(name, existing);
  if (second === undefined) return first;
  throw new UserError(
    `${path}: the columns ${first + 1} and ${second + 1} are both called "${shortened(existing[second]?.trim() ?? "")}"; rename one of them`,
  );
}

export const flagOf = (isLabel: boolean): string => (isLabel ? "--label-column" : "--column");

/** Names that a message lists. */
const LISTED = 8;

export function missing(
  path: string,
  name: string,
  existing: readonly string[],
  isLabel: boolean,
  adviceText?: string,
): UserError {
  // The likely ones first, in case not all can be listed.
  const isNear = (one: string) => loosely(one).includes(loosely(name)) || loosely(name).includes(loosely(one));
  const near = existing.filter((one) => one !== "" && isNear(one));
  const names = [...new Set([...near, ...existing])].slice(0, LISTED).map((column) => shortened(column));
  const advice = adviceText ?? `name one with ${flagOf(isLabel)}, or give its number if there is no header`;
  return new UserError(
    `${path}: no column "${shortened(name)}"; there are: ${names.join(", ")}${existing.length > LISTED ? " …" : ""}; ${advice}`,
  );
}
