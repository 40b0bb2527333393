/** Prints one JSON value to standard output, for programs. */
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Rows with their columns aligned to the left, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): string {
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
