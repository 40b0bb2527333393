import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeTable } from "../../src/interop/table.ts";
import type { Lab } from "./seeds.ts";

/** Rows of a table: numbers, a category, a date, gaps, formulas, and a label. */
const rows = Array.from({ length: 60 }, (_, at) => ({
  age: at % 7 === 0 ? "" : String(20 + ((at * 13) % 50)),
  spent: (at * 1.37).toFixed(2),
  job: ["nurse", "clerk", "smith"][at % 3]!,
  since: `20${10 + (at % 10)}-0${1 + (at % 9)}-1${at % 7}`,
  material: `${["Fe", "Cu", "Mg", "Ca"][at % 4]}${1 + (at % 5)}(${["SO4", "OH", "PO4"][at % 3]})${1 + (at % 6)}`,
  label: at % 2 === 0 ? "yes" : "no",
}));
const names = ["age", "spent", "job", "since", "material", "label"] as const;

const delimited = (by: string): string =>
  `${[names.join(by), ...rows.map((row) => names.map((name) => row[name]).join(by))].join("\n")}\n`;

export const rowCsvs = async (): Promise<Buffer[]> => [Buffer.from(delimited(",")), Buffer.from(delimited(";"))];
export const rowJsonls = async (): Promise<Buffer[]> => [
  Buffer.from(
    rows.map((row) => `${JSON.stringify({ ...row, age: Number(row.age), spent: Number(row.spent) })}\n`).join(""),
  ),
];

export const rowParquets = async (lab: Lab): Promise<Buffer[]> => {
  const file = join(lab.root, "rows.parquet");
  await writeTable(
    file,
    names.map((name) => ({ name, values: rows.map((row) => (name === "spent" ? Number(row.spent) : row[name])) })),
  );
  return [await readFile(file)];
};
