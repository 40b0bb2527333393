import type { Verdict } from "../labels/judge.ts";
import type { Evaluation, Score } from "./evaluate.ts";

/** With more classes no table is shown. */
const MOST_CLASSES = 40;

const percent = (score: Score | undefined): string =>
  score
    ? `${(100 * score.mean).toFixed(1)}${score.deviation > 0 ? ` ± ${(100 * score.deviation).toFixed(1)}` : ""} %`
    : "–";

/** Rows of cells in aligned columns: the first column to the left, the others to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join("   ")
        .trimEnd(),
    )
    .join("\n");
}

/** An evaluation as a table for the terminal. */
export function evaluationTable({ contestants, train, test, classes, chance, draws, notes }: Evaluation): string {
  const rows = [
    [
      "",
      "kNN, k = 20",
      "kNN, k = 200",
      "linear probe",
      "end to end",
      ...(classes.length === 2 ? ["Matthews", "ROC-AUC"] : []),
    ],
    ...contestants.map(({ name, knn20, knn200, linear, accuracy, matthews, rocAuc }) => [
      name,
      percent(knn20),
      percent(knn200),
      percent(linear),
      percent(accuracy),
      ...(classes.length === 2 ? [matthews ? matthews.mean.toFixed(3) : "–", percent(rocAuc)] : []),
    ]),
  ];
  const labels = `${train.used} labels${draws > 1 ? `, ${draws} draws (mean ± deviation)` : ""}`;
  const about = `Accuracy on ${test.labelled} test samples of ${classes.length} classes; ${labels}; majority class: ${(100 * chance).toFixed(1)} %.`;
  const lengths = contestants.flatMap(({ name, steps }) =>
    steps === undefined ? [] : [`${name}: ${steps.toLocaleString("en")} steps${draws > 1 ? " at most" : ""}.`],
  );
  return `${alignColumns(rows)}\n\n${[about, ...lengths, ...notes].join(" ")}`;
}

/** Test scores of a fine-tuned run for the terminal: overall measures, and those of each class. */
export function verdictTable({ measures, perClass, rows, broken }: Verdict): string {
  const spaced = (name: string) => name.replaceAll(/[A-Z0-9]+/g, (part) => ` ${part.toLowerCase()}`);
  const all = Object.entries(measures).map(([name, value]) => [spaced(name), value.toFixed(4)]);
  const head = `${alignColumns(all)}\n\n${rows} samples${broken > 0 ? `; ${broken} broken ones left out` : ""}`;
  if (!perClass || perClass.length > MOST_CLASSES) return head;
  const table = [
    ["class", "samples", "precision", "recall", "F1"],
    ...perClass.map(({ name, count, precision, recall, f1 }) => [
      name,
      String(count),
      ...[precision, recall, f1].map((value) => `${(100 * value).toFixed(1)} %`),
    ]),
  ];
  return `${head}\n\n${alignColumns(table)}`;
}
