import type { Evaluation, Score } from "../evaluate.ts";

/** What contestants are called in tables. */
export const contestantNames: Readonly<Record<string, string>> = {
  pretrained: "pretrained",
  untrained: "same encoder, untrained",
  raw: "raw pixels",
  "tf-idf": "TF-IDF",
  scratch: "trained from scratch",
};

const percent = (score: Score | undefined): string =>
  score
    ? `${(100 * score.mean).toFixed(1)}${score.deviation > 0 ? ` ± ${(100 * score.deviation).toFixed(1)}` : ""} %`
    : "–";

/** Rows of cells in aligned columns, the first to the left and the others to the right. */
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

/** An evaluation for the terminal. */
export function evaluationTable({ contestants, train, test, classes, chance, draws }: Evaluation): string {
  const rows = [
    ["", "kNN, k = 20", "kNN, k = 200", "linear probe", "end to end"],
    ...contestants.map(({ name, knn20, knn200, linear, accuracy }) => [
      contestantNames[name] ?? name,
      percent(knn20),
      percent(knn200),
      percent(linear),
      percent(accuracy),
    ]),
  ];
  const labels = `${train.used} labels${draws > 1 ? `, ${draws} draws (mean ± deviation)` : ""}`;
  return `${alignColumns(rows)}\n\nAccuracy on ${test.labelled} test samples of ${classes.length} classes; ${labels}; always the commonest class: ${(100 * chance).toFixed(1)} %.`;
}
