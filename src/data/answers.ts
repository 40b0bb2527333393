import type { Tensor } from "../array/tensor.ts";
import { UserError } from "../foundation/errors.ts";

/** Kinds of labels: one class, several labels, a number, or which samples are similar. */
export const labelTasks = ["classification", "multi-label", "regression", "similarity"] as const;
export type LabelTask = (typeof labelTasks)[number];

/** The outputs of a model trained on labels. */
export interface Answers {
  readonly task: LabelTask;
  /** Names of the outputs: classes, labels, or `value`; none for similarity. */
  readonly outputs: readonly string[];
}

/** `representation · weightᵀ + bias`: weight `[outputs, embedDim]`, bias `[outputs]`. */
export interface LinearHead {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Separates the labels of a multi-label sample: `cat|indoor`. */
export const SEPARATOR = "|";

const partsOf = (text: string): string[] =>
  text
    .split(SEPARATOR)
    .map((part) => part.trim())
    .filter(Boolean);

/** Whole numbers and numbers with a decimal comma, without thousands. */
const DECIMAL_COMMA = /^[+-]?\d*(,\d+)?(e[+-]?\d+)?$/i;

/**
 * The numbers that labels stand for; NaN for one that is none. `0,5` is a half, as spreadsheets write it in most of Europe,
 * if no label has a point and at least one of the commas cannot be that of thousands.
 */
export function valuesOf(classes: readonly string[]): number[] {
  const texts = classes.map((text) => text.trim());
  const isDecimal =
    texts.every((text) => DECIMAL_COMMA.test(text)) && texts.some((text) => /,(\d{1,2}|\d{4,})(\D|$)/.test(text));
  return texts.map((text) => {
    const value = text === "" ? Number.NaN : Number(isDecimal ? text.replace(",", ".") : text);
    return Number.isFinite(value) ? value : Number.NaN;
  });
}

/**
 * The outputs for labels with these texts.
 * @param classes texts of the labels, in the order of their indices in the data
 * @throws UserError when a regression label is not a number
 */
export function answersOf(task: LabelTask, classes: readonly string[]): Answers {
  switch (task) {
    case "classification":
      return { task, outputs: classes };
    case "multi-label":
      return { task, outputs: [...new Set(classes.flatMap(partsOf))].sort() };
    case "regression":
      for (const [at, value] of valuesOf(classes).entries())
        if (Number.isNaN(value))
          throw new UserError(
            `the label "${classes[at]}" is not a number; ${classes[at]?.includes(",") ? "write decimals with a point and thousands without a comma" : "use --task classification for class names"}`,
          );
      return { task, outputs: ["value"] };
    case "similarity":
      return { task, outputs: [] };
  }
}

/** The target outputs of every label: 1 for its class or labels and 0 elsewhere, or the value. */
export function truthsOf({ task, outputs }: Answers, classes: readonly string[]): Float32Array[] {
  if (task === "regression") return valuesOf(classes).map((value) => Float32Array.of(value));
  const ofText = {
    classification: (text: string) => Float32Array.from(outputs, (name) => Number(name === text)),
    "multi-label": (text: string) => Float32Array.from(outputs, (name) => Number(partsOf(text).includes(name))),
    similarity: () => new Float32Array(),
  }[task];
  return classes.map(ofText);
}

/**
 * The target outputs of rows, `[rows, outputs]`.
 * @param classes texts of the labels
 * @param labels index of each row's label in `classes`
 */
export function truthOf(answers: Answers, classes: readonly string[], labels: Int32Array): Float32Array {
  const width = answers.outputs.length;
  const truths = truthsOf(answers, classes);
  const truth = new Float32Array(labels.length * width);
  labels.forEach((label, row) => {
    truth.set(truths[label]!, row * width);
  });
  return truth;
}

/** The first output for labels with these texts that the model does not have. */
export const unknownAmong = ({ task, outputs }: Answers, classes: readonly string[]): string | undefined =>
  answersOf(task, classes).outputs.find((name) => !outputs.includes(name));
