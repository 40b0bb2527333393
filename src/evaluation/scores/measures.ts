import type { Answers } from "../../data/index.ts";
import { averagePrecisionOf, rocAucOf } from "./ranking.ts";

/** Scores of outputs: one number to compare models by, the loss, and the measures that the field reports. */
export interface Measures {
  /** Accuracy, mean average precision, or R²; higher is better. */
  readonly score: number;
  readonly loss: number;
  /**
   * By name: `accuracy`, `macroF1`, `matthews`, and of two classes `rocAuc` and `averagePrecision` of the second;
   * `meanAveragePrecision`, `meanRocAuc`, `microF1`; `r2`, `meanAbsoluteError`, `rootMeanSquaredError`, `spearman`.
   */
  readonly named: Readonly<Record<string, number>>;
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
 * @param truth the same shape, see `truthsOf`
 */
export function measuresOf(answers: Answers, outputs: Float32Array, truth: Float32Array): Measures {
  const width = answers.outputs.length;
  switch (answers.task) {
    case "classification":
      return ofClasses(outputs, truth, width);
    case "multi-label":
      return ofLabels(outputs, truth, width);
    case "regression":
      return ofValues(outputs, truth);
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

/** The mean of a measure of each label, without those for which it is not defined. */
function meanOver(
  logits: Float32Array,
  truth: Float32Array,
  width: number,
  measure: (scores: Float32Array, positives: Float32Array) => number | undefined,
): number | undefined {
  const column = (values: Float32Array, label: number) =>
    Float32Array.from({ length: values.length / width }, (_, row) => values[row * width + label]!);
  const all = Array.from({ length: width }, (_, label) => measure(column(logits, label), column(truth, label))).filter(
    (value) => value !== undefined,
  );
  return all.length > 0 ? all.reduce((sum, value) => sum + value, 0) / all.length : undefined;
}

function ofLabels(logits: Float32Array, truth: Float32Array, width: number): Measures {
  let [loss, correct, predicted, actual] = [0, 0, 0, 0];
  logits.forEach((logit, at) => {
    const target = truth[at]!;
    const prediction = Number(logit > 0);
    loss += Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - logit * target;
    correct += prediction * target;
    predicted += prediction;
    actual += target;
  });
  const meanAveragePrecision = meanOver(logits, truth, width, averagePrecisionOf) ?? 0;
  const meanRocAuc = meanOver(logits, truth, width, rocAucOf);
  const microF1 = predicted + actual > 0 ? (2 * correct) / (predicted + actual) : 0;
  return {
    score: meanAveragePrecision,
    loss: loss / logits.length,
    named: { meanAveragePrecision, ...(meanRocAuc === undefined ? {} : { meanRocAuc }), microF1 },
  };
}

function ofValues(values: Float32Array, truth: Float32Array): Measures {
  const rows = truth.length;
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
  return { score: r2, loss: squares / rows, named: { r2, meanAbsoluteError, rootMeanSquaredError, spearman } };
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
