import type { ReportTask } from "./label-cells.ts";
import { type CurvePoint, isSingle } from "./savings/label-curves.ts";

/** How the scores of a task are named and formatted. */
export interface MeasureText {
  readonly name: string;
  /** Scores are multiplied by this and written with `digits` decimals. */
  readonly factor: number;
  readonly unit: string;
  readonly digits: number;
  /** Distance between the ticks of a chart's axis, in the unit. */
  readonly interval: number;
  /** The trivial predictor that the chance level belongs to. */
  readonly chance: string;
  readonly probe: string;
  /** How labels are drawn. */
  readonly drawn: string;
  /** "classifies 71.2 % of the test samples correctly". */
  readonly has: (score: string) => string;
  /** "of 3 classes". */
  readonly of: (outputs: number) => string;
  /** Title of the table of predictions. */
  readonly title: string;
  /** What the target of a sample is. */
  readonly target: string;
  /** What a green frame around a neighbour means; absent for values, of which hardly two are equal. */
  readonly alike?: string;
}

export const measureText: Readonly<Record<ReportTask, MeasureText>> = {
  classification: {
    ...{ name: "accuracy", factor: 100, unit: " %", digits: 1, interval: 10 },
    chance: "majority class",
    probe: "logistic regression on standardised features; L2 strength chosen on a fifth of the labels",
    drawn: "drawn evenly over the classes",
    has: (score) => `classifies ${score} of the test samples correctly`,
    of: (outputs) => `of ${outputs} classes`,
    ...{ title: "Classes", target: "class", alike: "the same class" },
  },
  "multi-label": {
    ...{ name: "mean average precision", factor: 100, unit: " %", digits: 1, interval: 10 },
    chance: "random order",
    probe: "logistic regression of each label on standardised features; L2 strength chosen on a fifth of the samples",
    drawn: "drawn at random",
    has: (score) => `has a mean average precision of ${score}`,
    of: (outputs) => `with one or more of ${outputs} labels`,
    ...{ title: "Labels", target: "labels", alike: "the same labels" },
  },
  regression: {
    ...{ name: "R²", factor: 1, unit: "", digits: 3, interval: 0.2 },
    chance: "predicting the mean",
    probe: "ridge regression on standardised features; L2 strength chosen on a fifth of the values",
    drawn: "drawn at random",
    has: (score) => `has an R² of ${score}`,
    of: () => "with a value",
    ...{ title: "Values", target: "value" },
  },
};

/** `71.2 %`, `0.712`. */
export function formatScore(task: ReportTask, score: number): string {
  const { factor, unit, digits } = measureText[task];
  return `${(factor * score).toFixed(digits)}${unit}`;
}

/** `+3.2 points`, `−0.120`. */
export function formatGain(task: ReportTask, gain: number): string {
  const { factor, unit, digits } = measureText[task];
  return `${gain < 0 ? "−" : "+"}${Math.abs(factor * gain).toFixed(digits)}${unit === "" ? "" : " points"}`;
}

/** `71.2 ± 0.8 %`; without the deviation for a single draw. */
export function formatPoint(task: ReportTask, point: CurvePoint): string {
  const { factor, unit, digits } = measureText[task];
  const deviation = isSingle(point) ? "" : ` ± ${(factor * point.deviation).toFixed(digits)}`;
  return `${(factor * point.mean).toFixed(digits)}${deviation}${unit}`;
}

export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
