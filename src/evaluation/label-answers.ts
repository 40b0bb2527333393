import type { Answers, LabelTask } from "../modalities/index.ts";
import type { CellResult } from "./label-cells.ts";
import { confusionOf, largestOf, measuresOf } from "./measures.ts";
import { commonestShare } from "./metrics.ts";
import { linearHead, outputsOf, type ProbeData } from "./probe.ts";

/** What reports of label efficiency are of: what has a score and can be learned from few labels by a head. */
export const reportTasks = ["classification", "multi-label", "regression"] as const satisfies readonly LabelTask[];
export type ReportTask = (typeof reportTasks)[number];

/** How right outputs are, and enough of what they say to look at. */
export type Answered = Pick<CellResult, "score" | "answers">;

/** Pairs of values that are kept to look at: more are a blot. */
const PAIRS = 400;

/**
 * @param outputs `[rows, outputs]`, logits or values
 * @param truth the same shape
 * @returns the score by which models are compared, and right and given answers with how often: classes; of several labels
 * `2 · label + 0 or 1`; of values some of the pairs
 */
export function answeredBy(answers: Answers, outputs: Float32Array, truth: Float32Array): Answered {
  const { score } = measuresOf(answers, outputs, truth);
  const width = answers.outputs.length;
  const rows = truth.length / width;
  if (answers.task === "regression") {
    const chosen = Array.from({ length: Math.min(PAIRS, rows) }, (_, at) =>
      Math.floor((at * rows) / Math.min(PAIRS, rows)),
    );
    return { score, answers: chosen.map((row) => [truth[row]!, outputs[row]!, 1]) };
  }
  if (answers.task === "classification")
    return { score, answers: sparse(confusionOf(largestOf(outputs, width), largestOf(truth, width), width)) };
  const code = (values: Float32Array, isOne: (value: number) => boolean) =>
    Int32Array.from(values, (value, at) => 2 * (at % width) + Number(isOne(value)));
  const [right, given] = [code(truth, (value) => value === 1), code(outputs, (logit) => logit > 0)];
  return { score, answers: sparse(confusionOf(given, right, 2 * width)) };
}

/** Pairs that never occur are left out. */
const sparse = (confusion: readonly (readonly number[])[]): CellResult["answers"] =>
  confusion.flatMap((row, right) =>
    row.flatMap((count, answer): CellResult["answers"] => (count > 0 ? [[right, answer, count]] : [])),
  );

/** The answers of several trainings together: rows are the right ones, columns those given; none of values. */
export function togetherIn(
  task: ReportTask,
  outputs: number,
  all: readonly CellResult["answers"][],
): { confusion: number[][] } | { pairs: (readonly [right: number, answer: number])[] } {
  if (task === "regression") return { pairs: all.flat().map(([right, answer]) => [right, answer]) };
  const size = task === "multi-label" ? 2 * outputs : outputs;
  const confusion = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (const [right, answer, count] of all.flat()) confusion[right]![answer]! += count;
  return { confusion };
}

/** A linear head on some rows' features, and how right it is on others. */
export async function probed(
  answers: Answers,
  train: ProbeData,
  queries: Pick<ProbeData, "data" | "truth">,
  seed: number,
): Promise<Answered> {
  const head = await linearHead(answers, train, seed);
  return answeredBy(answers, outputsOf(head, queries.data), queries.truth);
}

/**
 * The score of who has not looked at the sample: always the commonest class, an order by chance (of each label's mean
 * precision what its share is), always the mean.
 */
export function scoreByChance({ task, outputs }: Answers, truth: Float32Array): number {
  if (task === "regression") return 0;
  const width = outputs.length;
  if (task === "classification") return commonestShare(largestOf(truth, width));
  const rows = truth.length / width;
  const shares = outputs
    .map((_, label) => truth.reduce((sum, value, at) => sum + (at % width === label ? value : 0), 0) / rows)
    .filter((share) => share > 0);
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}
