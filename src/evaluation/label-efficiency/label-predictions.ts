import type { Answers } from "../../data/index.ts";
import { columnOf, largestOf, measuresOf } from "../scores/measures.ts";
import { majorityShare } from "../scores/metrics.ts";
import { evenly } from "../vectors/evenly.ts";
import { linearHead, outputsOf, type ProbeData } from "../vectors/probe.ts";
import type { CellResult, ReportTask } from "./label-cells.ts";

/** The score of some predictions, and the predictions themselves in a compact form. */
export type ScoredPredictions = Pick<CellResult, "score" | "answers">;

/** Most pairs of values that are kept for the chart. */
export const PAIRS = 400;

/**
 * @param outputs `[rows, outputs]`, logits or values
 * @param truth the same shape
 * @returns the score by which models are compared, and [target, prediction, count] triples: of classes; of several labels
 * as `2 · label + 0 or 1`; of values some pairs, with count 1
 */
export function scorePredictions(answers: Answers, outputs: Float32Array, truth: Float32Array): ScoredPredictions {
  const { score } = measuresOf(answers, outputs, truth);
  const width = answers.outputs.length;
  /** Places of what was measured. */
  const places = [...truth.keys()].filter((at) => !Number.isNaN(truth[at]!));
  if (answers.task === "regression") {
    const some = Array.from(evenly(places.length, PAIRS), (row) => places[row]!);
    return { score, answers: some.map((at) => [truth[at]!, outputs[at]!, 1]) };
  }
  if (answers.task === "classification")
    return { score, answers: countsOf(largestOf(truth, width), largestOf(outputs, width)) };
  const code = (values: Float32Array, isOne: (value: number) => boolean) =>
    Int32Array.from(places, (at) => 2 * (at % width) + Number(isOne(values[at]!)));
  const [targets, predicted] = [code(truth, (value) => value === 1), code(outputs, (logit) => logit > 0)];
  return { score, answers: countsOf(targets, predicted) };
}

/** Counts of the pairs that occur: sparse, because a matrix of many labels would be nearly all zeros. */
function countsOf(targets: Int32Array, predicted: Int32Array): CellResult["answers"] {
  const counts = new Map<string, [target: number, predicted: number, count: number]>();
  targets.forEach((target, at) => {
    const key = `${target} ${predicted[at]}`;
    const pair = counts.get(key);
    if (pair) pair[2]++;
    else counts.set(key, [target, predicted[at]!, 1]);
  });
  return [...counts.values()].sort(([a, b], [c, d]) => a - c || b - d);
}

/**
 * Pools the predictions of several trainings: for classes a confusion matrix (rows: targets, columns: predictions); for
 * several labels a 2 × 2 matrix each, absent first; for values the pairs.
 */
export function poolPredictions(
  task: ReportTask,
  outputs: number,
  all: readonly CellResult["answers"][],
): PooledPredictions {
  if (task === "regression") return { pairs: all.flat().map(([target, predicted]) => [target, predicted]) };
  const empty = (size: number) => Array.from({ length: size }, () => new Array<number>(size).fill(0));
  if (task === "classification") {
    const confusion = empty(outputs);
    for (const [target, predicted, count] of all.flat()) confusion[target]![predicted]! += count;
    return { confusion };
  }
  const ofEach = Array.from({ length: outputs }, () => empty(2));
  for (const [target, predicted, count] of all.flat()) ofEach[target >> 1]![target % 2]![predicted % 2]! += count;
  return { ofEach };
}

export interface PooledPredictions {
  readonly confusion?: readonly (readonly number[])[];
  readonly ofEach?: readonly (readonly (readonly number[])[])[];
  readonly pairs?: readonly (readonly [target: number, predicted: number])[];
}

/** Fits a linear head on the training features and scores it on the test features. */
export async function scoreProbe(
  answers: Answers,
  train: ProbeData,
  queries: Pick<ProbeData, "data" | "truth">,
  seed: number,
): Promise<ScoredPredictions> {
  const head = await linearHead(answers, train, seed);
  return scorePredictions(answers, outputsOf(head, queries.data), queries.truth);
}

/**
 * The score at chance level: of always predicting the majority class, of a random order (a label's average precision is
 * then its share), of always predicting the mean.
 */
export function chanceScore({ task, outputs }: Answers, truth: Float32Array): number {
  if (task === "regression") return 0;
  const width = outputs.length;
  if (task === "classification") return majorityShare(largestOf(truth, width));
  const shares = outputs
    .map((_, label) => {
      const { truth: measured } = columnOf(truth, truth, width, label);
      return measured.reduce((sum, value) => sum + value, 0) / Math.max(1, measured.length);
    })
    .filter((share) => share > 0 && share < 1);
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}
