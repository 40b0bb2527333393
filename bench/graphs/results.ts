/** Lines of results of graphs, which are kept as they come: a bench that was stopped goes on after the last. */
import { appendFile, readFile } from "node:fs/promises";
import { meanOf } from "../series/machine.ts";

const FILE = new URL("../results/graphs.jsonl", import.meta.url);

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

export async function linesOf(): Promise<Line[]> {
  const text = await readFile(FILE, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Line => JSON.parse(line));
}

/** The line of these settings, made if there is none. */
export async function measured(
  wanted: Pick<Line, "set" | "row" | "settings" | "seed" | "epochs">,
  make: () => Promise<Omit<Line, "set" | "row" | "settings" | "seed" | "epochs">>,
): Promise<Line> {
  const { set, row, settings, seed, epochs } = wanted;
  const existing = (await linesOf()).find(
    (line) =>
      line.set === set &&
      line.row === row &&
      line.settings === settings &&
      line.seed === seed &&
      line.epochs === epochs,
  );
  if (existing) return existing;
  const line = { ...wanted, ...(await make()) };
  await appendFile(FILE, `${JSON.stringify(line)}\n`);
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
