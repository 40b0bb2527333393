import { type Answers, truthsOf } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import type { Labelled } from "./supervision.ts";

/**
 * Method options that follow from the training labels: weights that balance classes or labels, mean and deviation of values.
 * @param classes names of the labels, by label number
 * @throws UserError when all labels are the same
 */
export function optionsFromLabels(
  answers: Answers,
  classes: readonly string[],
  { training, labels }: Labelled,
  balanced: boolean,
): Record<string, unknown> {
  const { task, outputs } = answers;
  const trainLabels = [...training].map((entry) => labels[entry]!);
  if (new Set(trainLabels).size < 2)
    throw new UserError(`every training label is "${classes[trainLabels[0]!]}"; at least two are needed`);
  const base = { task, classes: [...classes] };
  if (task === "regression") {
    const values = truthsOf(answers, classes);
    const moments = outputs.map((name, output) => {
      const measured = trainLabels.map((label) => values[label]![output]!).filter((value) => !Number.isNaN(value));
      if (measured.length === 0)
        throw new UserError(`the label column "${name}" has no value among the training labels`);
      return momentsOf(measured);
    });
    const [only] = moments;
    if (moments.length === 1) return { ...base, ...only };
    return { ...base, center: moments.map(({ center }) => center), spread: moments.map(({ spread }) => spread) };
  }
  if (!balanced) return base;
  if (task === "classification")
    return {
      ...base,
      classWeights: outputs.map((_, output) => weightOf(trainLabels, (label) => label === output, outputs)),
    };
  const truths = truthsOf(answers, classes);
  const measured = outputs.map((_, output) => trainLabels.filter((label) => !Number.isNaN(truths[label]![output]!)));
  const weightWhere = (output: number, value: number) =>
    weightOf(measured[output]!, (label) => truths[label]![output] === value, [0, 1]);
  return { ...base, labelWeights: outputs.map((_, output) => [weightWhere(output, 0), weightWhere(output, 1)]) };
}

/** Rows / (groups · rows of the group): the weight that balances the groups. */
function weightOf(
  labels: readonly number[],
  isInGroup: (label: number) => boolean,
  groups: readonly unknown[],
): number {
  return labels.length / (groups.length * Math.max(1, labels.filter(isInGroup).length));
}

/** Mean and deviation. */
function momentsOf(values: readonly number[]) {
  const center = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - center) ** 2, 0) / values.length;
  return { center, spread: variance > 0 ? Math.sqrt(variance) : 1 };
}
