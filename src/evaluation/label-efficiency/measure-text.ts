import type { ReportTask } from "./label-cells.ts";
import { type CurvePoint, isSingle } from "./label-curves.ts";

/** How scores of a task are called and written. */
export interface MeasureText {
  readonly name: string;
  /** A score is written as this many of the unit, with so many digits. */
  readonly factor: number;
  readonly unit: string;
  readonly digits: number;
  /** Between ticks of a chart's axis, in the unit. */
  readonly interval: number;
  /** The score of who has not looked at the sample. */
  readonly chance: string;
  readonly probe: string;
  /** Whose labels are drawn how. */
  readonly drawn: string;
  /** "is right on 71.2 % of the test samples". */
  readonly has: (score: string) => string;
  /** "of 3 classes". */
  readonly of: (outputs: number) => string;
  /** Of a table of the answers. */
  readonly title: string;
  /** What of a sample is right. */
  readonly truth: string;
  /** What neighbours have in common whose frames are green; of values hardly two are the same. */
  readonly alike?: string;
}

export const measureText: Readonly<Record<ReportTask, MeasureText>> = {
  classification: {
    ...{ name: "accuracy", factor: 100, unit: " %", digits: 1, interval: 10 },
    chance: "always the commonest class",
    probe: "logistic regression on standardised features; L2 strength chosen on a fifth of the labels",
    drawn: "drawn evenly over the classes",
    has: (score) => `is right on ${score} of the test samples`,
    of: (outputs) => `of ${outputs} classes`,
    ...{ title: "Classes", truth: "class", alike: "the same class" },
  },
  "multi-label": {
    ...{ name: "mean average precision", factor: 100, unit: " %", digits: 1, interval: 10 },
    chance: "samples in an order by chance",
    probe: "logistic regression of each label on standardised features; L2 strength chosen on a fifth of the samples",
    drawn: "drawn as they come",
    has: (score) => `has a mean average precision of ${score}`,
    of: (outputs) => `with one or more of ${outputs} labels`,
    ...{ title: "Labels", truth: "labels", alike: "the same labels" },
  },
  regression: {
    ...{ name: "R²", factor: 1, unit: "", digits: 3, interval: 0.2 },
    chance: "always the mean",
    probe: "ridge regression on standardised features; L2 strength chosen on a fifth of the values",
    drawn: "drawn as they come",
    has: (score) => `has an R² of ${score}`,
    of: () => "with a value",
    ...{ title: "Values", truth: "value" },
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

/** `71.2 ± 0.8 %`; a single draw has no deviation. */
export function formatPoint(task: ReportTask, point: CurvePoint): string {
  const { factor, unit, digits } = measureText[task];
  const deviation = isSingle(point) ? "" : ` ± ${(factor * point.deviation).toFixed(digits)}`;
  return `${(factor * point.mean).toFixed(digits)}${deviation}${unit}`;
}

export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
