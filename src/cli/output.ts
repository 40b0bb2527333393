import { printable, printableJson, printableLines } from "../foundation/printable.ts";

/*
 * All that commands print goes through here and `progress.ts`: names and texts come from files, and a terminal would obey
 * the control characters in them.
 */

/** Prints one JSON value to standard output, for programs. */
export const printJson = (value: unknown): void => {
  process.stdout.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
};

/** Prints lines to standard output. */
export const print = (text: string): void => {
  process.stdout.write(`${printableLines(text)}\n`);
};

/** Prints one line to standard error, whatever names are in it. */
export const complain = (text: string): void => {
  process.stderr.write(`${printable(text)}\n`);
};

/** What stays one line: a name of a file, of a class. */
export { printable } from "../foundation/printable.ts";

/** Entries that are named when they are skipped. */
const SKIPPED = 10;

/** Names the first entries that could not be read, and says how many more there are. */
export function printSkipped(broken: readonly { readonly name: string; readonly reason: string }[]): void {
  for (const { name, reason } of broken.slice(0, SKIPPED)) print(printable(`${name}: ${reason}; skipped`));
  if (broken.length > SKIPPED) print(`… and ${broken.length - SKIPPED} more`);
}

/** Rows with their columns aligned to the left, two spaces apart. */
export function columns(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
