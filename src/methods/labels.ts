import { z } from "zod";
import { type Array, float32, nn, np, scalar, type Tensor } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import { binaryCrossEntropy } from "../objectives/binary-cross-entropy.ts";
import { accuracy, weightedMean } from "../objectives/cross-entropy.ts";
import { type Answers, labelTasks } from "./method.ts";

/** What labels are and what is to be answered; fine-tuning fills in what it reads from the data. */
export const labelOptions = z.object({
  task: z.enum(labelTasks).default("classification").describe("what the labels are"),
  classes: z.array(z.string()).min(1).describe("the labels' texts, in the order of the data's"),
  classWeights: z
    .array(z.number().nonnegative())
    .optional()
    .describe("weight of each class in the loss, in the same order"),
  labelSmoothing: z.number().min(0).lt(1).default(0).describe("share of a class's target that goes to all alike"),
  center: z.number().default(0).describe("of regression: the mean of the values"),
  spread: z.number().positive().default(1).describe("of regression: their standard deviation"),
});
export type LabelOptions = z.infer<typeof labelOptions>;

/** A label as a method's loss reads it: the target of every output, and how much the sample counts. */
export type Target = { readonly values: Tensor; readonly weight: Tensor };

/** Between the labels of a text: `cat|indoor`. */
const SEPARATOR = "|";

/** The labels of a sample that has several. */
const partsOf = (text: string): string[] =>
  text
    .split(SEPARATOR)
    .map((part) => part.trim())
    .filter(Boolean);

/** What is answered to such labels. @throws UserError when a label is no number where numbers are asked for */
export function answersOf({ task, classes }: Pick<LabelOptions, "task" | "classes">): Answers {
  switch (task) {
    case "classification":
      return { task, outputs: classes };
    case "multi-label":
      return { task, outputs: [...new Set(classes.flatMap(partsOf))].sort() };
    case "regression":
      for (const text of classes)
        if (text.trim() === "" || !Number.isFinite(Number(text)))
          throw new UserError(`the label "${text}" is no number; --task classification takes labels as names`);
      return { task, outputs: ["value"] };
    case "similarity":
      return { task, outputs: [] };
  }
}

/** The labels' numbers, texts and weights as targets. */
export function targetsOf(options: LabelOptions) {
  const { task, classes, classWeights, labelSmoothing, center, spread } = options;
  const answers = answersOf(options);
  const count = answers.outputs.length;
  const rows = classes.map((text, label) => {
    const row = new Float32Array(count);
    if (task === "classification") row.fill(labelSmoothing / count)[label]! += 1 - labelSmoothing;
    if (task === "multi-label") for (const part of partsOf(text)) row[answers.outputs.indexOf(part)] = 1;
    if (task === "regression") row[0] = (Number(text) - center) / spread;
    return row;
  });
  return {
    answers,
    /** Of a sample's label; −1, for none, counts nothing. */
    of: (label: number): Target => ({
      values: float32(rows[label] ?? new Float32Array(count), [count]),
      weight: scalar(label < 0 ? 0 : (classWeights?.[label] ?? 1)),
    }),
    /**
     * What is lost by such outputs: cross-entropy of classes, binary cross-entropy of labels, squares of values.
     * @param outputs `[batch, outputs]`; of regression in deviations from the mean
     * @param values the targets, the same shape
     * @param weight `[batch]`
     */
    loss(
      outputs: Array,
      { values, weight }: { values: Array; weight: Array },
    ): { loss: Array; metrics: Record<string, Array> } {
      if (task === "multi-label")
        return { loss: binaryCrossEntropy(outputs, values, { weights: np.expandDims(weight, 1) }), metrics: {} };
      if (task === "regression")
        return { loss: weightedMean(np.mean(np.square(np.subtract(outputs, values)), -1), weight), metrics: {} };
      const perRow = np.negative(np.sum(np.multiply(values, nn.logSoftmax(outputs, -1)), -1));
      const right = accuracy(outputs, np.argmax(values, -1), { weights: np.where(np.greater(weight, 0), 1, 0) });
      return { loss: weightedMean(perRow, weight), metrics: { accuracy: right } };
    },
    /** Outputs in the labels' own units. */
    natural: (outputs: Array): Array =>
      task === "regression" ? np.add(np.multiply(outputs, spread), center) : outputs,
  };
}
