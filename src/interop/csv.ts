import { stringify } from "csv-stringify/sync";
import { guardCell } from "../foundation/formula.ts";

/**
 * Rows as CSV (RFC 4180, except that lines end in a line feed). Cells that a spreadsheet would take for a formula have an
 * apostrophe before them, which tables of labels are read without.
 */
export const csv = (rows: readonly (readonly (string | number | undefined)[])[]): string =>
  stringify(rows.map((row) => row.map((cell) => (typeof cell === "string" ? guardCell(cell) : cell))));
