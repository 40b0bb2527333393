import type { Answers } from "../../data/index.ts";
import { averagePrecisionOf, rocAucOf } from "./ranking.ts";

/** Scores of outputs: one number to compare models by, the loss, and the measures that the field reports. */
export interface Measures {
  /** Accuracy, mean average precision, or R²; higher is better. */
  readonly score: number;
  readonly loss: number;
  /**
   * By name: `accuracy`, `macroF1`, `matthews`, and of two classes `rocAuc` and `averagePrecision` of the second;
   * `meanAveragePrecision` and `meanRocAuc` of the labels that have both classes, `microF1`; `r2`, `meanAbsoluteError`, `rootMeanSquaredError`, `spearman`,
   * of several values their means.
   */
  readonly named: Readonly<Record<string, number>>;
  /** Of several labels or values the measures of each that has some: `rocAuc` and `averagePrecision`, or those of values. */
  readonly each?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Outputs left out of the means: labels without both classes, values without a row. */
  readonly unmeasured?: readonly string[];
}

/** The index of each row's largest output. */
export function largestOf(outputs: Float32Array, width: number): Int32Array {
  return Int32Array.from({ length: outputs.length / width }, (_, row) => {
    let best = 0;
    for (let c = 1; c < width; c++) if (outputs[row * width + c]! > outputs[row * width + best]!) best = c;
    return best;
  });
}

/**
 * Scores outputs against targets.
 * @param outputs `[rows, outputs]`: logits, or values
 * @param truth the same shape, see `truthsOf`; NaN was not measured and is left out
 */
export function measuresOf(answers: Answers, outputs: Float32Array, truth: Float32Array): Measures {
  const width = answers.outputs.length;
  switch (answers.task) {
    case "classification":
    case "token-classification":
      return ofClasses(outputs, truth, width);
    case "multi-label":
      return ofLabels(outputs, truth, answers.outputs);
    case "regression":
      return ofValues(outputs, truth, answers.outputs);
    case "similarity":
      throw new Error("similarity is measured by neighbours");
  }
}

/** The confusion matrix: rows are true classes, columns predicted ones. */
export function confusionOf(predictions: Int32Array, labels: Int32Array, classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  labels.forEach((label, row) => {
    matrix[label]![predictions[row]!]!++;
  });
  return matrix;
}

/** Precision, recall and F1 of each class. */
export function perClassOf(confusion: readonly (readonly number[])[]) {
  return confusion.map((row, label) => {
    const correct = row[label]!;
    const count = row.reduce((sum, cell) => sum + cell, 0);
    const predicted = confusion.reduce((sum, other) => sum + other[label]!, 0);
    const share = (of: number) => (of > 0 ? correct / of : 0);
    const f1 = count + predicted > 0 ? (2 * correct) / (count + predicted) : 0;
    return { count, precision: share(predicted), recall: share(count), f1 };
  });
}

/**
 * Matthews' correlation of predictions and labels for two or more classes (Gorodkin's R_K, which for two is the usual φ);
 * 0 when predictions or labels are all of one class. CoLA's measure.
 */
export function matthewsOf(confusion: readonly (readonly number[])[]): number {
  const total = confusion.flat().reduce((sum, count) => sum + count, 0);
  const correct = confusion.reduce((sum, row, label) => sum + row[label]!, 0);
  const actual = confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  const predicted = confusion.map((_, label) => confusion.reduce((sum, row) => sum + row[label]!, 0));
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
  const spread = Math.sqrt(total ** 2 - dot(predicted, predicted)) * Math.sqrt(total ** 2 - dot(actual, actual));
  return spread > 0 ? (correct * total - dot(actual, predicted)) / spread : 0;
}

function ofClasses(logits: Float32Array, truth: Float32Array, width: number): Measures {
  const predictions = largestOf(logits, width);
  const labels = largestOf(truth, width);
  const confusion = confusionOf(predictions, labels, width);
  let loss = 0;
  labels.forEach((label, row) => {
    const rowLogits = logits.subarray(row * width, (row + 1) * width);
    const most = Math.max(...rowLogits);
    loss += most + Math.log(rowLogits.reduce((sum, logit) => sum + Math.exp(logit - most), 0)) - rowLogits[label]!;
  });
  const present = perClassOf(confusion).filter(({ count }) => count > 0);
  const accuracy = labels.reduce((sum, label, row) => sum + Number(label === predictions[row]), 0) / labels.length;
  const macroF1 = present.reduce((sum, { f1 }) => sum + f1, 0) / present.length;
  return {
    score: accuracy,
    loss: loss / labels.length,
    named: { accuracy, macroF1, matthews: matthewsOf(confusion), ...(width === 2 ? rankingOf(logits, labels) : {}) },
  };
}

/** How well the logits of two classes rank the rows of the second before those of the first. */
export function rankingOf(
  logits: Float32Array,
  labels: Int32Array,
): Partial<Record<"rocAuc" | "averagePrecision", number>> {
  const scores = Float32Array.from(labels, (_, row) => logits[2 * row + 1]! - logits[2 * row]!);
  const [rocAuc, averagePrecision] = [rocAucOf(scores, labels), averagePrecisionOf(scores, labels)];
  return {
    ...(rocAuc === undefined ? {} : { rocAuc }),
    ...(averagePrecision === undefined ? {} : { averagePrecision }),
  };
}

/** The rows of one output that were measured. */
export function columnOf(outputs: Float32Array, truth: Float32Array, width: number, output: number) {
  const rows = Array.from({ length: truth.length / width }, (_, row) => row * width + output).filter(
    (at) => !Number.isNaN(truth[at]!),
  );
  return { values: Float32Array.from(rows, (at) => outputs[at]!), truth: Float32Array.from(rows, (at) => truth[at]!) };
}

type Named = Readonly<Record<string, number>>;

/** The mean of each measure over the outputs that have it. */
function meansOf(all: readonly (Named | undefined)[]): Record<string, number> {
  const measured = all.filter((one) => one !== undefined);
  const names = new Set(measured.flatMap((one) => Object.keys(one)));
  return Object.fromEntries(
    [...names].map((name) => [name, measured.reduce((sum, one) => sum + one[name]!, 0) / measured.length]),
  );
}

function ofLabels(logits: Float32Array, truth: Float32Array, names: readonly string[]): Measures {
  let [loss, correct, predicted, actual, measured] = [0, 0, 0, 0, 0];
  logits.forEach((logit, at) => {
    const target = truth[at]!;
    if (Number.isNaN(target)) return;
    const prediction = Number(logit > 0);
    loss += Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - logit * target;
    correct += prediction * target;
    predicted += prediction;
    actual += target;
    measured++;
  });
  const each = names.map((_, output) => {
    const column = columnOf(logits, truth, names.length, output);
    const [rocAuc, averagePrecision] = [
      rocAucOf(column.values, column.truth),
      averagePrecisionOf(column.values, column.truth),
    ];
    return rocAuc === undefined || averagePrecision === undefined ? undefined : { rocAuc, averagePrecision };
  });
  const { rocAuc, averagePrecision } = meansOf(each);
  const microF1 = predicted + actual > 0 ? (2 * correct) / (predicted + actual) : 0;
  return {
    score: averagePrecision ?? 0,
    loss: loss / Math.max(1, measured),
    named: {
      meanAveragePrecision: averagePrecision ?? 0,
      ...(rocAuc === undefined ? {} : { meanRocAuc: rocAuc }),
      microF1,
    },
    ...eachOf(names, each),
  };
}

function eachOf(names: readonly string[], each: readonly (Named | undefined)[]): Pick<Measures, "each" | "unmeasured"> {
  return {
    each: Object.fromEntries(names.flatMap((name, output) => (each[output] ? [[name, each[output]] as const] : []))),
    unmeasured: names.filter((_, output) => each[output] === undefined),
  };
}

function ofColumn(values: Float32Array, truth: Float32Array) {
  const rows = truth.length;
  if (rows === 0) return undefined;
  const mean = truth.reduce((sum, value) => sum + value / rows, 0);
  let [squares, spread, absolute] = [0, 0, 0];
  values.forEach((value, row) => {
    squares += (value - truth[row]!) ** 2;
    spread += (truth[row]! - mean) ** 2;
    absolute += Math.abs(value - truth[row]!);
  });
  const r2 = spread > 0 ? 1 - squares / spread : 0;
  const spearman = correlation(ranksOf(values), ranksOf(truth));
  const [meanAbsoluteError, rootMeanSquaredError] = [absolute / rows, Math.sqrt(squares / rows)];
  return { r2, meanAbsoluteError, rootMeanSquaredError, spearman };
}

function ofValues(values: Float32Array, truth: Float32Array, names: readonly string[]): Measures {
  let [squares, measured] = [0, 0];
  values.forEach((value, at) => {
    if (Number.isNaN(truth[at]!)) return;
    squares += (value - truth[at]!) ** 2;
    measured++;
  });
  const each = names.map((_, output) => {
    const column = columnOf(values, truth, names.length, output);
    return ofColumn(column.values, column.truth);
  });
  const named = meansOf(each);
  return {
    score: named.r2 ?? 0,
    loss: squares / Math.max(1, measured),
    named,
    ...(names.length > 1 ? eachOf(names, each) : {}),
  };
}

/** Ranks in ascending order; ties share their mean rank. */
function ranksOf(values: Float32Array): Float64Array {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let at = start; at < end; at++) ranks[order[at]!] = (start + end - 1) / 2;
    start = end;
  }
  return ranks;
}

function correlation(a: Float64Array, b: Float64Array): number {
  const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [both, onlyA, onlyB] = [0, 0, 0];
  a.forEach((value, at) => {
    const [x, y] = [value - meanA, b[at]! - meanB];
    both += x * y;
    onlyA += x * x;
    onlyB += y * y;
  });
  return onlyA > 0 && onlyB > 0 ? both / Math.sqrt(onlyA * onlyB) : 0;
}
