import { UserError } from "../../foundation/errors.ts";
import { unguardCell } from "../../foundation/formula.ts";
import { shortened } from "../../foundation/printable.ts";
import { finderOf } from "../names.ts";
import { rowsOf, tableFormatOf } from "./rows.ts";

export interface ByPath {
  /** The column to read beside `path`. */
  readonly column: string;
  /** What to do when one of them is missing. */
  readonly advice: string;
  /** What a cell does to its entry, for messages: `labels`. */
  readonly verb: string;
  /** Whether paths that are not in the data are passed over. */
  readonly lenient?: boolean;
}

/**
 * A column of a table beside the data: the cell of every entry, by the column `path`. Paths as in the data (`./`, `\\` for
 * `/`, and blanks around a path are forgiven, and composed characters are decomposed ones). CSV, TSV, JSONL or Parquet by its
 * extension, CSV by default.
 * @param names of the entries
 * @throws UserError when a column is missing, or a path is not in the data or has two different cells
 */
export async function cellsByPath(
  file: string,
  names: readonly string[],
  { column, advice, verb, lenient = false }: ByPath,
): Promise<(string | undefined)[]> {
  const format = tableFormatOf(file) ?? "csv";
  const find = finderOf(names);
  const isGuarded = format === "csv" || format === "tsv";
  const perEntry: (string | undefined)[] = names.map(() => undefined);
  const unknown: string[] = [];
  for await (const rows of rowsOf(file, format, { column: "path", labelColumn: column, advice }))
    for (const { text, label: written, line } of rows) {
      const cell = written?.normalize("NFC");
      if (text === "" && cell === undefined) continue;
      if (text === "")
        throw new UserError(`${file}: row ${line} has the ${column} "${shortened(cell ?? "")}" and no path`);
      const position = (isGuarded ? find(unguardCell(text)) : undefined) ?? find(text);
      if (position === undefined) unknown.push(text);
      else if (perEntry[position] !== undefined && cell !== undefined && perEntry[position] !== cell)
        throw new UserError(
          `${file}: row ${line} ${verb} ${shortened(text, 200)} "${shortened(cell)}", an earlier row "${shortened(perEntry[position]!)}"`,
        );
      else perEntry[position] ??= cell;
    }
  if (unknown.length > 0 && !lenient)
    throw new UserError(
      `${file}: ${unknown.length} paths are not in the data; the first is ${unknown[0]}, and the data have ${names[0]}`,
    );
  return perEntry;
}
