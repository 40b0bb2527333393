import type { Answers } from "../../data/index.ts";
import { largestOf, measuresOf } from "../scores/measures.ts";
import { majorityShare } from "../scores/metrics.ts";
import { evenly } from "../vectors/evenly.ts";
import { linearHead, outputsOf, type ProbeData } from "../vectors/probe.ts";
import type { CellResult, ReportTask } from "./label-cells.ts";

/** How right outputs are, and enough of what they say to look at. */
export type ScoredPredictions = Pick<CellResult, "score" | "answers">;

/** Pairs of values that are kept to look at: more are a blot. */
export const PAIRS = 400;

/**
 * @param outputs `[rows, outputs]`, logits or values
 * @param truth the same shape
 * @returns the score by which models are compared, and right and given answers with how often: classes; of several labels
 * `2 · label + 0 or 1`; of values some of the pairs
 */
export function scorePredictions(answers: Answers, outputs: Float32Array, truth: Float32Array): ScoredPredictions {
  const { score } = measuresOf(answers, outputs, truth);
  const width = answers.outputs.length;
  const rows = truth.length / width;
  if (answers.task === "regression")
    return { score, answers: Array.from(evenly(rows, PAIRS), (row) => [truth[row]!, outputs[row]!, 1]) };
  if (answers.task === "classification")
    return { score, answers: countsOf(largestOf(truth, width), largestOf(outputs, width)) };
  const code = (values: Float32Array, isOne: (value: number) => boolean) =>
    Int32Array.from(values, (value, at) => 2 * (at % width) + Number(isOne(value)));
  const [right, given] = [code(truth, (value) => value === 1), code(outputs, (logit) => logit > 0)];
  return { score, answers: countsOf(right, given) };
}

/** How often each pair occurs, where it does: a matrix of many labels would be nearly all zeros. */
function countsOf(right: Int32Array, given: Int32Array): CellResult["answers"] {
  const counts = new Map<string, [right: number, given: number, count: number]>();
  right.forEach((is, at) => {
    const key = `${is} ${given[at]}`;
    const pair = counts.get(key);
    if (pair) pair[2]++;
    else counts.set(key, [is, given[at]!, 1]);
  });
  return [...counts.values()].sort(([a, b], [c, d]) => a - c || b - d);
}

/**
 * The answers of several trainings together: of classes a matrix, rows are the right ones and columns those given; of
 * several labels such a matrix for each, without it first; of values the pairs.
 */
export function poolPredictions(task: ReportTask, outputs: number, all: readonly CellResult["answers"][]): PooledPredictions {
  if (task === "regression") return { pairs: all.flat().map(([right, answer]) => [right, answer]) };
  const empty = (size: number) => Array.from({ length: size }, () => new Array<number>(size).fill(0));
  if (task === "classification") {
    const confusion = empty(outputs);
    for (const [right, answer, count] of all.flat()) confusion[right]![answer]! += count;
    return { confusion };
  }
  const ofEach = Array.from({ length: outputs }, () => empty(2));
  for (const [right, answer, count] of all.flat()) ofEach[right >> 1]![right % 2]![answer % 2]! += count;
  return { ofEach };
}

export interface PooledPredictions {
  readonly confusion?: readonly (readonly number[])[];
  readonly ofEach?: readonly (readonly (readonly number[])[])[];
  readonly pairs?: readonly (readonly [right: number, answer: number])[];
}

/** A linear head on some rows' features, and how right it is on others. */
export async function probed(
  answers: Answers,
  train: ProbeData,
  queries: Pick<ProbeData, "data" | "truth">,
  seed: number,
): Promise<ScoredPredictions> {
  const head = await linearHead(answers, train, seed);
  return scorePredictions(answers, outputsOf(head, queries.data), queries.truth);
}

/**
 * The score of who has not looked at the sample: always the commonest class, an order by chance (of each label's mean
 * precision what its share is), always the mean.
 */
export function chanceScore({ task, outputs }: Answers, truth: Float32Array): number {
  if (task === "regression") return 0;
  const width = outputs.length;
  if (task === "classification") return majorityShare(largestOf(truth, width));
  const rows = truth.length / width;
  const shares = outputs
    .map((_, label) => truth.reduce((sum, value, at) => sum + (at % width === label ? value : 0), 0) / rows)
    .filter((share) => share > 0);
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}
