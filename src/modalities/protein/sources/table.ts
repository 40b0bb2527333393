import type { OpenOptions } from "../../../data/source.ts";
import { hasColumns, rowsOf, type TableFormat, tableFormatOf } from "../../../data/tables/rows.ts";

/** What the column of the sequences is called where nothing else is said. */
const COLUMNS = ["sequence", "protein_sequence", "aa_sequence", "aa_seq", "mutated_sequence", "protein", "seq"];

/** The column with the sequences: the one that is named, or the first of the usual ones that is there. */
export async function sequenceColumn(path: string, format: TableFormat, named?: string): Promise<string | undefined> {
  if (named !== undefined) return named;
  for (const column of COLUMNS) if (await hasColumns(path, format, { column })) return column;
  return undefined;
}

/** Values of the column of sequences at the beginning of a table; none if it has no such column. */
export async function firstSequences(path: string, most: number): Promise<string[]> {
  const format = tableFormatOf(path);
  const column = format && (await sequenceColumn(path, format));
  if (!format || column === undefined) return [];
  const values: string[] = [];
  for await (const rows of rowsOf(path, format, { column })) {
    values.push(...rows.map(({ text }) => text));
    if (values.length >= most) break;
  }
  return values.slice(0, most);
}

/** A row with a sequence, and what it belongs to. */
export interface SequenceRow {
  readonly text: string;
  readonly label: string | undefined;
  readonly group: string | undefined;
  readonly line: number;
}

/**
 * The rows of a table of sequences.
 * @throws UserError when a column is missing or the file is broken
 */
export async function* sequenceRows(
  path: string,
  format: TableFormat,
  { column, labelColumn, group }: Pick<OpenOptions, "column" | "labelColumn" | "group">,
): AsyncGenerator<SequenceRow> {
  const named = (await sequenceColumn(path, format, column)) ?? COLUMNS[0]!;
  const groups = new Map<number, string>();
  if (group !== undefined && (await hasColumns(path, format, { column: group })))
    for await (const rows of rowsOf(path, format, { column: group }))
      for (const { text, line } of rows) groups.set(line, text);
  for await (const rows of rowsOf(path, format, { column: named, labelColumn }))
    for (const { text, label, line } of rows) yield { text, label, line, group: groups.get(line) };
}
