import { answersOf, areColumns, SEPARATOR, type Source, valuesOf } from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { UserError } from "../../foundation/errors.ts";

/** Up to this many different numbers may be names of classes, such as half stars from 0 to 5. */
const MOST_NUMBERED = 11;

/**
 * Requires labels of one class a sample: a classifier would make a class of every combination of labels or every value.
 * @param task the task that the run was fine-tuned for, if it was
 * @throws UserError when samples have several labels, or values
 */
export function requireSingleLabel(path: Paths, { classes = [], labels }: Source<unknown>, task?: unknown): void {
  const labelled = labels?.reduce((sum, label) => sum + Number(label >= 0), 0) ?? 0;
  if (areColumns(classes))
    throw new UserError(
      `${inWords(path)}: labels in several columns are for --task multi-label, of 0 and 1, or --task regression; this is for one class a sample`,
    );
  const kind = areCombinations(classes, task)
    ? {
        description: "several labels a sample",
        task: "multi-label",
        example: classes.find((name) => name.includes(SEPARATOR)),
      }
    : areValues(classes, labelled, task)
      ? { description: "values", task: "regression", example: classes[0] }
      : undefined;
  if (kind)
    throw new UserError(
      `${inWords(path)}: the labels are ${kind.description} ("${kind.example}"), and this is for one class a sample; evaluate, report and finetune take --task ${kind.task}`,
    );
}

/** What labels of whole samples may be. */
export type SeemingTask = "classification" | "multi-label" | "regression";

/**
 * What labels seem to be: values, several labels a sample, or classes. Columns are of 0 and 1, or else values.
 * @param labelled number of labelled samples
 */
export function seemingTask(classes: readonly string[], labelled: number): SeemingTask {
  if (areColumns(classes)) return areYesOrNo(classes) ? "multi-label" : "regression";
  if (areCombinations(classes, undefined)) return "multi-label";
  return areValues(classes, labelled, undefined) ? "regression" : "classification";
}

function areYesOrNo(classes: readonly string[]): boolean {
  try {
    return answersOf("multi-label", classes).outputs.length > 0;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** Whether names such as `cat|indoor` combine labels: if no label occurs in two of them, they are names of classes. */
function areCombinations(classes: readonly string[], task: unknown): boolean {
  if (!classes.some((name) => name.includes(SEPARATOR))) return false;
  const labelsIn = (names: readonly string[]) => answersOf("multi-label", names).outputs.length;
  return task === "multi-label" || labelsIn(classes) < classes.reduce((sum, name) => sum + labelsIn([name]), 0);
}

/** Whether labels are values: many different numbers, not all whole, or nearly one for each sample and with gaps. */
function areValues(classes: readonly string[], labelled: number, task: unknown): boolean {
  const numbers = valuesOf(classes);
  if (!numbers.every(Number.isFinite)) return false;
  if (task === "regression") return true;
  if (classes.length <= MOST_NUMBERED) return false;
  const hasGaps = Math.max(...numbers) - Math.min(...numbers) >= classes.length;
  return !numbers.every(Number.isInteger) || (hasGaps && 2 * classes.length > labelled);
}
