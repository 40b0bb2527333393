import { grouped, percent } from "../scores/format.ts";
import { alignColumns } from "../worth/table.ts";
import type { Classification } from "./classify.ts";

/** How many samples were classified, and if there are labels, how well. */
export function classificationTable({ predictions, classes, accuracy, notes }: Classification): string {
  const prompts = classes.reduce((sum, one) => sum + one.prompts, 0);
  const about = `${grouped(predictions.length)} samples, ${classes.length} classes, ${prompts} prompts.`;
  if (!accuracy) return [about, ...notes].join(" ");
  const rows = accuracy.scores.map(({ name, accuracy: share, macroF1 }) => [
    ...[name, percent(share)],
    macroF1 === undefined ? "–" : percent(macroF1),
  ]);
  const labelled = `${grouped(accuracy.labelled)} of them have labels.`;
  return `${alignColumns([["", "accuracy", "macro-F1"], ...rows])}\n\n${[about, labelled, ...notes].join(" ")}`;
}
