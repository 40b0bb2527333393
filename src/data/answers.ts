import type { Tensor } from "../array/tensor.ts";
import { UserError } from "../foundation/errors.ts";

/** What labels are: one class, several of them, a number, or which samples are alike. */
export const labelTasks = ["classification", "multi-label", "regression", "similarity"] as const;
export type LabelTask = (typeof labelTasks)[number];

/** What is to be answered about a sample. */
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

/** Between the labels of a sample that has several: `cat|indoor`. */
export const SEPARATOR = "|";

const partsOf = (text: string): string[] =>
  text
    .split(SEPARATOR)
    .map((part) => part.trim())
    .filter(Boolean);

/**
 * What is answered to labels of such texts.
 * @param classes the labels' texts, in the order of the data's numbers
 * @throws UserError when a label is no number where numbers are asked for
 */
export function answersOf(task: LabelTask, classes: readonly string[]): Answers {
  switch (task) {
    case "classification":
      return { task, outputs: classes };
    case "multi-label":
      return { task, outputs: [...new Set(classes.flatMap(partsOf))].sort() };
    case "regression":
      for (const text of classes)
        if (text.trim() === "" || !Number.isFinite(Number(text)))
          throw new UserError(`the label "${text}" is no number; labels that are names want --task classification`);
      return { task, outputs: ["value"] };
    case "similarity":
      return { task, outputs: [] };
  }
}

/** For every label the right outputs: 1 for the class or labels and 0 elsewhere, or the value. */
export function truthsOf({ task, outputs }: Answers, classes: readonly string[]): Float32Array[] {
  const ofText = {
    classification: (text: string) => Float32Array.from(outputs, (name) => Number(name === text)),
    "multi-label": (text: string) => Float32Array.from(outputs, (name) => Number(partsOf(text).includes(name))),
    regression: (text: string) => Float32Array.of(Number(text)),
    similarity: () => new Float32Array(),
  }[task];
  return classes.map(ofText);
}

/**
 * The right outputs of rows, `[rows, outputs]`.
 * @param classes the labels' texts
 * @param labels of each row the place of its label among them
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

/** The first answer to labels of such texts that is none of the outputs. */
export const unknownAmong = ({ task, outputs }: Answers, classes: readonly string[]): string | undefined =>
  answersOf(task, classes).outputs.find((name) => !outputs.includes(name));
