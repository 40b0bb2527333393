/** What the benches of series with few labels print. */
import { meanOf } from "./machine.ts";

/** What lines of results have in common. */
export interface Measured {
  readonly setting: string;
  readonly judged: string;
  readonly seed: number;
  readonly epochs: number;
  readonly steps: number;
  readonly seconds: number;
  readonly machine: string;
}

/**
 * A table for each setting: means ± sample deviations over seeds and draws.
 * @param cellsOf by number of labels and row of the table, the values of each draw
 * @param unit of the number of labels
 */
export function printTables<Line extends Measured>(
  lines: readonly Line[],
  cellsOf: (line: Line) => Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>,
  unit: string,
): void {
  const groups = Map.groupBy(
    lines,
    ({ setting, judged, epochs, steps, machine }) =>
      `${setting}, ${epochs} epochs (${steps} steps), ${judged}; ${machine}`,
  );
  for (const [title, some] of groups) {
    console.log(`\n${title}; seeds ${some.map(({ seed }) => seed).join(", ")}`);
    const first = cellsOf(some[0]!);
    const counts = Object.keys(first);
    console.log(`| | ${counts.map((count) => `${count} ${unit}`).join(" | ")} |`);
    console.log(`|---|${counts.map(() => "---|").join("")}`);
    for (const name of Object.keys(first[counts[0]!] ?? {})) {
      const cells = counts.map((count) => meanOf(some.flatMap((line) => cellsOf(line)[count]?.[name] ?? [])));
      console.log(`| ${name} | ${cells.join(" | ")} |`);
    }
  }
}
