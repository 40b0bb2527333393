import type { LabelTask } from "../../data/index.ts";
import type { Verdict } from "../labels/judge.ts";
import type { Evaluation, Score } from "./evaluation.ts";

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
export function evaluationTable(evaluation: Evaluation): string {
  const { contestants, train, folds, draws, notes } = evaluation;
  const times = folds ? `, ${draws} folds (mean ± deviation)` : draws > 1 ? `, ${draws} draws (mean ± deviation)` : "";
  const about = `${aboutOf(evaluation)}; ${train.used} labels${times}${chanceOf(evaluation)}.`;
  const lengths = contestants.flatMap(({ name, steps }) =>
    steps === undefined ? [] : [`${name}: ${steps.toLocaleString("en")} steps${draws > 1 ? " at most" : ""}.`],
  );
  return `${alignColumns(cellsOf(evaluation))}\n\n${[about, ...lengths, ...notes].join(" ")}`;
}

const plain = (score: Score | undefined): string =>
  score ? `${score.mean.toFixed(3)}${score.deviation > 0 ? ` ± ${score.deviation.toFixed(3)}` : ""}` : "–";

/** Columns of the table for labels and values, by measure. */
const byMeasure = {
  "multi-label": [
    ["mean ROC-AUC", "meanRocAuc", percent],
    ["mean average precision", "meanAveragePrecision", percent],
    ["micro-F1", "microF1", percent],
  ],
  regression: [
    ["RMSE", "rootMeanSquaredError", plain],
    ["MAE", "meanAbsoluteError", plain],
    ["R²", "r2", plain],
    ["Spearman", "spearman", plain],
  ],
  "token-classification": [
    ["accuracy", "accuracy", percent],
    ["macro-F1", "macroF1", percent],
  ],
} as const;

function cellsOf({ contestants, task, outputs }: Evaluation): string[][] {
  if (task !== "classification")
    return [
      ["", ...byMeasure[task].map(([title]) => title)],
      ...contestants.map(({ name, linear, measures }) => [
        `${name}${linear ? ", linear probe" : ""}`,
        ...byMeasure[task].map(([, measure, format]) => format(measures[measure])),
      ]),
    ];
  const isOfTwo = outputs.length === 2;
  return [
    ["", "kNN, k = 20", "kNN, k = 200", "linear probe", "end to end", ...(isOfTwo ? ["Matthews", "ROC-AUC"] : [])],
    ...contestants.map(({ name, knn20, knn200, linear, endToEnd, measures: { matthews, rocAuc } }) => [
      name,
      ...[knn20, knn200, linear, endToEnd].map(percent),
      ...(isOfTwo ? [plain(matthews), percent(rocAuc)] : []),
    ]),
  ];
}

const aboutOf = ({ task, test, outputs }: Evaluation): string =>
  ({
    classification: `Accuracy on ${test.labelled} test samples of ${outputs.length} classes`,
    "multi-label": `${test.labelled} test samples with ${outputs.length} labels`,
    "token-classification": `Accuracy on ${test.labelled} labelled tokens of ${test.entries} test samples, of ${outputs.length} classes`,
    regression: `${test.labelled} test samples with ${outputs.length === 1 ? "a value" : `${outputs.length} values, of which the means are shown`}`,
  })[task];

const chanceOf = ({ chance }: Evaluation): string =>
  chance === undefined ? "" : `; majority class: ${(100 * chance).toFixed(1)} %`;

const spaced = (name: string) => name.replaceAll(/[A-Z0-9]+/g, (part) => ` ${part.toLowerCase()}`);

/** The measures of each of several labels or values. */
function eachTable(each: NonNullable<Verdict["each"]>): string {
  const names = Object.keys(each);
  const measures = Object.keys(Object.values(each)[0] ?? {});
  return alignColumns([
    ["", ...measures.map(spaced)],
    ...names.slice(0, MOST_CLASSES).map((name) => [name, ...measures.map((one) => each[name]![one]!.toFixed(4))]),
  ]);
}

/** What means leave out, and why. */
export const leftOutOf = (task: LabelTask, names: readonly string[]): string =>
  `left out of the means, as their test samples ${task === "regression" ? "have no value" : "are not of both classes"}: ${names.join(", ")}`;

/** Test scores of a fine-tuned run for the terminal: overall measures, and those of each class. */
export function verdictTable({ task, measures, each, unmeasured, perClass, rows, broken }: Verdict): string {
  const what = task === "token-classification" ? "tokens" : "samples";
  const all = Object.entries(measures).map(([name, value]) => [spaced(name), value.toFixed(4)]);
  const head = `${alignColumns(all)}\n\n${rows} ${what}${broken > 0 ? `; ${broken} broken ones left out` : ""}`;
  if (each) return [head, eachTable(each), ...(unmeasured?.length ? [leftOutOf(task, unmeasured)] : [])].join("\n\n");
  if (!perClass || perClass.length > MOST_CLASSES) return head;
  const table = [
    ["class", what, "precision", "recall", "F1"],
    ...perClass.map(({ name, count, precision, recall, f1 }) => [
      name,
      String(count),
      ...[precision, recall, f1].map((value) => `${(100 * value).toFixed(1)} %`),
    ]),
  ];
  return `${head}\n\n${alignColumns(table)}`;
}
