import { type Cell, type CellRow, isMissing, numberIn } from "./cells.ts";

/** How the names of columns with captions begin. */
const CAPTIONS = /^(captions?|texts?|names?|titles?|descriptions?|sentences?|keywords?)(?![a-z])/i;

const isProse = (cell: Cell): boolean => typeof cell === "string" && !isMissing(cell) && numberIn(cell) === undefined;

/** Columns that are called like captions and do not hold numbers alone. */
export function captionColumns(columns: readonly string[], rows: readonly CellRow[], except: number): number[] {
  const holds = (at: number, test: (cell: Cell) => boolean) => rows.some(({ cells }) => test(cells[at]));
  return columns.flatMap((name, at) =>
    at !== except && CAPTIONS.test(name.trim()) && (holds(at, isProse) || !holds(at, (cell) => !isMissing(cell)))
      ? [at]
      : [],
  );
}
