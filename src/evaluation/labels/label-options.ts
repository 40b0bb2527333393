import { type Answers, truthsOf } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import type { Labelled } from "./supervision.ts";

/**
 * What the labels that are learned from say about how to learn from them: weights of classes or labels where they are to
 * count alike, mean and deviation of values.
 * @param classes the labels' texts, in the order of their numbers
 * @throws UserError when all labels are the same, or are to be balanced where nothing can be
 */
export function optionsFromLabels(
  answers: Answers,
  classes: readonly string[],
  { known, labels }: Labelled,
  balanced: boolean,
): Record<string, unknown> {
  const { task, outputs } = answers;
  const own = [...known].map((entry) => labels[entry]!);
  if (new Set(own).size < 2)
    throw new UserError(`every label to learn from is "${classes[own[0]!]}": there is nothing to tell apart`);
  const given = { task, classes: [...classes] };
  if (task === "regression") return { ...given, ...momentsOf(own.map((label) => Number(classes[label]))) };
  if (!balanced) return given;
  if (task === "classification")
    return { ...given, classWeights: outputs.map((_, output) => weightOf(own, (label) => label === output, outputs)) };
  const truths = truthsOf(answers, classes);
  const weightWhere = (output: number, value: number) =>
    weightOf(own, (label) => truths[label]![output] === value, [0, 1]);
  return { ...given, labelWeights: outputs.map((_, output) => [weightWhere(output, 0), weightWhere(output, 1)]) };
}

/** Rows over groups times rows of the group: what makes groups count alike. */
function weightOf(own: readonly number[], isInGroup: (label: number) => boolean, groups: readonly unknown[]): number {
  return own.length / (groups.length * Math.max(1, own.filter(isInGroup).length));
}

/** Mean and deviation. */
function momentsOf(values: readonly number[]) {
  const center = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - center) ** 2, 0) / values.length;
  return { center, spread: variance > 0 ? Math.sqrt(variance) : 1 };
}
