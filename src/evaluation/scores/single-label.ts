import { answersOf, SEPARATOR, type Source } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";

/** So many different numbers may well be the names of classes: half stars from 0 to 5. */
const MOST_NUMBERED = 11;

/**
 * Classifiers make a class of every different label, which says nothing of several labels a sample, or of values.
 * @param task option of the run's method: what it was fine-tuned for, where it was
 * @throws UserError when labels are of that kind
 */
export function requireSingleLabel(path: string, { classes = [], labels }: Source<unknown>, task?: unknown): void {
  const labelled = labels?.reduce((sum, label) => sum + Number(label >= 0), 0) ?? 0;
  const kind = areSeveral(classes, task)
    ? {
        words: "several labels a sample",
        task: "multi-label",
        example: classes.find((name) => name.includes(SEPARATOR)),
      }
    : areValues(classes, labelled, task)
      ? { words: "values", task: "regression", example: classes[0] }
      : undefined;
  if (kind)
    throw new UserError(
      `${path}: the labels are ${kind.words} ("${kind.example}"), and this is for one class a sample; report and finetune take --task ${kind.task}`,
    );
}

/** `cat|indoor` beside `cat`: with no label in two of them they would be classes that are called so. */
function areSeveral(classes: readonly string[], task: unknown): boolean {
  if (!classes.some((name) => name.includes(SEPARATOR))) return false;
  const labelsIn = (names: readonly string[]) => answersOf("multi-label", names).outputs.length;
  return task === "multi-label" || labelsIn(classes) < classes.reduce((sum, name) => sum + labelsIn([name]), 0);
}

/** Many different numbers that are not all whole, or nearly each sample's own and with gaps between them. */
function areValues(classes: readonly string[], labelled: number, task: unknown): boolean {
  const numbers = classes.map((name) => (name.trim() === "" ? Number.NaN : Number(name)));
  if (!numbers.every(Number.isFinite)) return false;
  if (task === "regression") return true;
  if (classes.length <= MOST_NUMBERED) return false;
  const hasGaps = Math.max(...numbers) - Math.min(...numbers) >= classes.length;
  return !numbers.every(Number.isInteger) || (hasGaps && 2 * classes.length > labelled);
}
