import * as z from "zod";
import { type Array, float32, nn, np, scalar, type Tensor } from "../../array/index.ts";
import type { LinearHead } from "../../data/answers.ts";
import { answersOf, labelTasks, truthsOf } from "../../data/answers.ts";
import { UserError } from "../../foundation/errors.ts";
import { binaryCrossEntropy } from "../../objectives/supervised/binary-cross-entropy.ts";
import { accuracy, weightedMean } from "../../objectives/supervised/cross-entropy.ts";

/** What labels are and what is to be answered; fine-tuning fills in what it reads from the data. */
export const labelOptions = z.object({
  task: z.enum(labelTasks).default("classification").describe("what the labels are"),
  classes: z
    .array(z.string())
    .default([])
    .describe("the labels' texts, in the order of the data's; finetune fills it in"),
  classWeights: z
    .array(z.number().nonnegative())
    .optional()
    .describe("weight of each class in the loss, in the same order"),
  labelWeights: z
    .array(z.tuple([z.number().nonnegative(), z.number().nonnegative()]))
    .optional()
    .describe("of multi-label: weight of each label where it is absent and where it is there, in the outputs' order"),
  labelSmoothing: z.number().min(0).lt(1).default(0).describe("share of a class's target that goes to all alike"),
  center: z.number().default(0).describe("of regression: the mean of the values"),
  spread: z.number().positive().default(1).describe("of regression: their standard deviation"),
});
export type LabelOptions = z.infer<typeof labelOptions>;

/** A label as a method's loss reads it: the target of every output, and how much the sample (or each output) counts. */
export type Target = { readonly values: Tensor; readonly weight: Tensor };

/** The labels' numbers, texts and weights as targets. @throws UserError when there are none */
export function targetsOf(options: LabelOptions) {
  const { task, classes, classWeights, labelWeights, labelSmoothing, center, spread } = options;
  if (classes.length === 0) throw new UserError("there are no labels to learn from; use autodidact finetune");
  const answers = answersOf(task, classes);
  const count = answers.outputs.length;
  const rows = truthsOf(answers, classes).map((truth) => {
    if (task === "classification") return truth.map((one) => one * (1 - labelSmoothing) + labelSmoothing / count);
    return task === "regression" ? truth.map((value) => (value - center) / spread) : truth;
  });
  const isPerLabel = task === "multi-label";
  /** How much each label counts in a sample that has those. */
  const weightsOf = (row: Float32Array | undefined) =>
    Float32Array.from({ length: count }, (_, output) => {
      if (!row) return 0;
      return labelWeights?.[output]?.[row[output] === 1 ? 1 : 0] ?? 1;
    });
  return {
    answers,
    /** Of a sample's label; −1, for none, counts nothing. */
    of: (label: number): Target => ({
      values: float32(rows[label] ?? new Float32Array(count), [count]),
      weight: isPerLabel
        ? float32(weightsOf(rows[label]), [count])
        : scalar(label < 0 ? 0 : (classWeights?.[label] ?? 1)),
    }),
    /**
     * What is lost by such outputs: cross-entropy of classes, binary cross-entropy of labels, squares of values.
     * @param outputs `[batch, outputs]`; of regression in deviations from the mean
     * @param values the targets, the same shape
     * @param weight `[batch]`; of labels `[batch, outputs]`
     */
    loss(
      outputs: Array,
      { values, weight }: { values: Array; weight: Array },
    ): { loss: Array; metrics: Record<string, Array> } {
      if (isPerLabel) return { loss: binaryCrossEntropy(outputs, values, { weights: weight }), metrics: {} };
      if (task === "regression")
        return { loss: weightedMean(np.mean(np.square(np.subtract(outputs, values)), -1), weight), metrics: {} };
      const perRow = np.negative(np.sum(np.multiply(values, nn.logSoftmax(outputs, -1)), -1));
      const right = accuracy(outputs, np.argmax(values, -1), { weights: np.where(np.greater(weight, 0), 1, 0) });
      return { loss: weightedMean(perRow, weight), metrics: { accuracy: right } };
    },
    /** Outputs in the labels' own units. */
    natural: (outputs: Array): Array =>
      task === "regression" ? np.add(np.multiply(outputs, spread), center) : outputs,
    /** The layer that gives outputs in the labels' own units, of the one that was learned. */
    naturalHead: ({ weight, bias }: LinearHead): LinearHead =>
      task === "regression"
        ? {
            weight: float32(
              Float32Array.from(weight.data, (value) => value * spread),
              weight.shape,
            ),
            bias: float32(
              Float32Array.from(bias.data, (value) => value * spread + center),
              bias.shape,
            ),
          }
        : { weight, bias },
  };
}
