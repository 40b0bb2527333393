import * as z from "zod";
import { type Array, constant, float32, nn, np, scalar, type Tensor } from "../../array/index.ts";
import type { LinearHead } from "../../data/answers.ts";
import { answersOf, labelTasks, truthReader } from "../../data/answers.ts";
import { UserError } from "../../foundation/errors.ts";
import { binaryCrossEntropy } from "../../objectives/supervised/binary-cross-entropy.ts";
import { accuracy, weightedMean } from "../../objectives/supervised/cross-entropy.ts";

/** One number, or one for each output. */
const ofEach = (number: z.ZodNumber) => z.union([number, z.array(number).min(1).max(100_000)]);

/** Options of methods that learn from labels; fine-tuning fills in what it reads from the data. */
export const labelOptions = z.object({
  task: z.enum(labelTasks).default("classification").describe("kind of labels"),
  classes: z
    .array(z.string())
    .max(100_000)
    .default([])
    .describe("names of the classes, in the data's order; finetune sets them"),
  classWeights: z
    .array(z.number().nonnegative())
    .max(100_000)
    .optional()
    .describe("weight of each class in the loss, in the same order"),
  labelWeights: z
    .array(z.tuple([z.number().nonnegative(), z.number().nonnegative()]))
    .max(100_000)
    .optional()
    .describe("multi-label: weight of each label where it is absent and where it is present, in the outputs' order"),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("share of a class's target that is spread over all classes"),
  center: ofEach(z.number()).default(0).describe("regression: mean of the values, or of those of each column"),
  spread: ofEach(z.number().positive()).default(1).describe("regression: standard deviation of the values"),
});
export type LabelOptions = z.infer<typeof labelOptions>;

/** A label as the loss reads it: the target of every output, and the weight of the sample (or of each output). */
export type Target = { readonly values: Tensor; readonly weight: Tensor };

/** Targets, loss and outputs for the labels in the options. @throws UserError when there are no classes */
export function targetsOf(options: LabelOptions) {
  const { task, classes, classWeights, labelWeights, labelSmoothing, center, spread } = options;
  if (classes.length === 0) throw new UserError("there are no labels to learn from; use autodidact finetune");
  const answers = answersOf(task, classes);
  const count = answers.outputs.length;
  const filled = (value: number | readonly number[]) =>
    Float32Array.from({ length: count }, (_, output) => (typeof value === "number" ? value : (value[output] ?? 0)));
  const [centers, spreads] = [filled(center), filled(spread)];
  const truthOf = truthReader(answers, classes);
  const rows = new Map<number, Float32Array>();
  /** The targets of a label, made when it is first seen. */
  const rowOf = (label: number): Float32Array | undefined => {
    const seen = rows.get(label);
    if (seen || label < 0 || label >= classes.length) return seen;
    const truth = truthOf(label);
    const row =
      task === "classification"
        ? truth.map((target) => target * (1 - labelSmoothing) + labelSmoothing / count)
        : task === "regression"
          ? truth.map((value, output) => (value - centers[output]!) / spreads[output]!)
          : truth;
    rows.set(label, row);
    return row;
  };
  const isPerOutput = task === "multi-label" || (task === "regression" && count > 1);
  /** Weight of each output of a sample, by its targets: 0 for what was not measured. */
  const weightsOf = (row: Float32Array | undefined) =>
    Float32Array.from({ length: count }, (_, output) => {
      if (!row || Number.isNaN(row[output]!)) return 0;
      return labelWeights?.[output]?.[row[output] === 1 ? 1 : 0] ?? 1;
    });
  return {
    answers,
    /**
     * The targets of the tokens of a sample, `[tokens, outputs]` and `[tokens]`, with weight 0 where nothing is labelled.
     * @param units the unit that each token stands for, −1 for none
     */
    ofUnits(label: number, units: Int32Array): Target {
      const truth = rowOf(label) ?? new Float32Array();
      const values = new Float32Array(units.length * count);
      const weight = new Float32Array(units.length);
      units.forEach((unit, token) => {
        if (unit < 0 || (unit + 1) * count > truth.length) return;
        const row = truth.subarray(unit * count, (unit + 1) * count);
        values.set(row, token * count);
        weight[token] = row.some((target) => target > 0) ? 1 : 0;
      });
      return { values: float32(values, [units.length, count]), weight: float32(weight, [units.length]) };
    },
    /** The target of a sample's label; −1, no label, has weight 0. */
    of: (label: number): Target => ({
      values: float32(rowOf(label)?.map((target) => (Number.isNaN(target) ? 0 : target)) ?? new Float32Array(count), [
        count,
      ]),
      weight: isPerOutput
        ? float32(weightsOf(rowOf(label)), [count])
        : scalar(label < 0 ? 0 : (classWeights?.[label] ?? 1)),
    }),
    /**
     * The loss: cross-entropy of classes, binary cross-entropy of labels, squared error of values, over what was measured.
     * @param outputs `[batch, outputs]`, of tokens `[batch, tokens, outputs]`; for regression in standard deviations from the mean
     * @param values the targets, the same shape
     * @param weight `[batch]`, of tokens `[batch, tokens]`; for multi-label and several values `[batch, outputs]`
     */
    loss(
      outputs: Array,
      { values, weight }: { values: Array; weight: Array },
    ): { loss: Array; metrics: Record<string, Array> } {
      if (task === "multi-label")
        return { loss: binaryCrossEntropy(outputs, values, { weights: weight }), metrics: {} };
      if (task === "regression") {
        const squares = np.square(np.subtract(outputs, values));
        return { loss: weightedMean(isPerOutput ? squares : np.mean(squares, -1), weight), metrics: {} };
      }
      // Tokens are rows, too.
      const [logits, targets] = [np.reshape(outputs, [-1, count]), np.reshape(values, [-1, count])];
      const weights = np.reshape(weight, [-1]);
      const perRow = np.negative(np.sum(np.multiply(targets, nn.logSoftmax(logits, -1)), -1));
      const isLabelled = np.where(np.greater(weights, 0), 1, 0);
      const correct = accuracy(logits, np.argmax(targets, -1), { weights: isLabelled });
      return { loss: weightedMean(perRow, weights), metrics: { accuracy: correct } };
    },
    /** Outputs in the labels' units. */
    natural: (outputs: Array): Array =>
      task === "regression"
        ? np.add(np.multiply(outputs, constant(float32(spreads, [count]))), constant(float32(centers, [count])))
        : outputs,
    /** The trained layer, changed to give outputs in the labels' units. */
    naturalHead: ({ weight, bias }: LinearHead): LinearHead =>
      task === "regression"
        ? {
            weight: float32(
              Float32Array.from(
                weight.data,
                (value, at) => value * spreads[Math.floor((at * count) / weight.data.length)]!,
              ),
              weight.shape,
            ),
            bias: float32(
              Float32Array.from(bias.data, (value, output) => value * spreads[output]! + centers[output]!),
              bias.shape,
            ),
          }
        : { weight, bias },
  };
}
