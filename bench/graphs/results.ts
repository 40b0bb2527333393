/** Lines of results of graphs, which are kept as they come: a bench that was stopped goes on after the last. */
import { addLine, linesOf, root } from "../methods/shared.ts";
import { meanOf } from "../series/machine.ts";

const FILE = `${root}/bench/results/graphs.jsonl`;

/** What came of one training, or of features without one. */
export interface Line {
  readonly set: string;
  /** Row of the table: `raw words`, `S³X`, `untrained gcn`, `cca-ssg`. */
  readonly row: string;
  /** What was settled by the validation part: options, as one text. */
  readonly settings: string;
  readonly seed: number;
  readonly epochs: number;
  readonly steps: number;
  readonly seconds: number;
  /** Accuracy in per cent: on the validation nodes; on the test nodes, or over the test parts of the ten folds. */
  readonly validation?: number | undefined;
  readonly test?: number | undefined;
  /** Sample deviation over folds. */
  readonly deviation?: number | undefined;
  readonly machine: string;
}

export const graphLines = (): Promise<Line[]> => linesOf<Line>(FILE);

/** The line of these settings, made if there is none. */
export async function measured(
  wanted: Pick<Line, "set" | "row" | "settings" | "seed" | "epochs">,
  make: () => Promise<Omit<Line, "set" | "row" | "settings" | "seed" | "epochs">>,
): Promise<Line> {
  const { set, row, settings, seed, epochs } = wanted;
  const existing = (await graphLines()).find(
    (line) =>
      line.set === set &&
      line.row === row &&
      line.settings === settings &&
      line.seed === seed &&
      line.epochs === epochs,
  );
  if (existing) return existing;
  const line = { ...wanted, ...(await make()) };
  await addLine(FILE, line);
  return line;
}

/** The table of some sets: mean ± sample deviation over seeds. */
export function printTable(lines: readonly Line[], sets: readonly string[]): void {
  console.log(`\n| | settings | ${sets.join(" | ")} | seeds | steps | minutes |`);
  console.log(`|---|---|${sets.map(() => "---|").join("")}---|---|---|`);
  const rows = Map.groupBy(lines, ({ row, settings }) => `${row} | ${settings}`);
  for (const [title, some] of rows) {
    const cells = sets.map((set) => {
      const own = some.filter((line) => line.set === set).flatMap(({ test }) => test ?? []);
      return own.length === 0 ? "" : meanOf(own);
    });
    const minutes = some.map(({ seconds }) => seconds / 60);
    const { steps } = some[0]!;
    console.log(
      `| ${title} | ${cells.join(" | ")} | ${new Set(some.map(({ seed }) => seed)).size} | ${steps} | ${meanOf(minutes)} |`,
    );
  }
}
