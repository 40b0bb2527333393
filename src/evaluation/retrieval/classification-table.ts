import { alignColumns } from "../worth/table.ts";
import type { Classification } from "./classify.ts";

const percent = (share: number | undefined): string => (share === undefined ? "–" : `${(100 * share).toFixed(1)} %`);

/** How many samples were classified, and if there are labels, how well. */
export function classificationTable({ predictions, classes, accuracy, notes }: Classification): string {
  const prompts = classes.reduce((sum, one) => sum + one.prompts, 0);
  const about = `${predictions.length.toLocaleString("en")} samples, ${classes.length} classes, ${prompts} prompts.`;
  if (!accuracy) return [about, ...notes].join(" ");
  const rows = accuracy.scores.map((score) => [score.name, percent(score.accuracy), percent(score.macroF1)]);
  const labelled = `${accuracy.labelled.toLocaleString("en")} of them have labels.`;
  return `${alignColumns([["", "accuracy", "macro-F1"], ...rows])}\n\n${[about, labelled, ...notes].join(" ")}`;
}
