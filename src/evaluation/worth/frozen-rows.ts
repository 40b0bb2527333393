import type { Answers } from "../../data/index.ts";
import { type Measures, measuresOf } from "../scores/measures.ts";
import { accuracyOf, meanAndDeviation } from "../scores/metrics.ts";
import { forest } from "../vectors/forest.ts";
import { knnPredict } from "../vectors/knn.ts";
import { linearHead, outputsOf } from "../vectors/probe.ts";
import { type Contestant as Extracted, type LabelledFeatures, select } from "./contestants.ts";
import type { Contestant, Score } from "./evaluation.ts";
import type { Trial } from "./trials.ts";

interface FrozenOptions {
  readonly extractor: Extracted;
  readonly answers: Answers;
  readonly bank: LabelledFeatures;
  readonly queries: LabelledFeatures;
  /** To choose the L2 strength by; by default a fifth of the training rows. */
  readonly held: LabelledFeatures | undefined;
  readonly trials: readonly Trial[];
  readonly stage: (name: string) => (done: number, total: number) => void;
}

/** What heads on frozen features reach, over all trials. */
export async function frozenRows({
  extractor: { role, name, standardized, forest: hasForest },
  answers,
  bank,
  queries,
  held,
  trials,
  stage,
}: FrozenOptions): Promise<{ contestants: Contestant[]; l2: number[] }> {
  const isOfClasses = answers.task === "classification";
  const [knn20, knn200, l2]: [number[], number[], number[]] = [[], [], []];
  const measures: Measures[] = [];
  const ofForests: Measures[] = [];
  for (const [at, trial] of trials.entries()) {
    stage(`${name}: ${isOfClasses ? "kNN and linear probe" : "linear probe"}`)(at, trials.length);
    const part = rowsOf(bank, trial.train);
    const tested = trial.test.length === queries.rows ? queries : rowsOf(queries, trial.test);
    if (isOfClasses) {
      const [near = new Int32Array(), far = new Int32Array()] = await knnPredict(part, tested, answers.outputs.length);
      knn20.push(accuracyOf(near, tested.labels));
      knn200.push(accuracyOf(far, tested.labels));
    }
    const head = await linearHead(answers, { ...part, validation: held }, trial.seed, { standardized });
    measures.push(measuresOf(answers, outputsOf(head, tested.data), tested.truth));
    l2.push(head.l2);
    if (!hasForest) continue;
    const onProgress = stage(`${name}: random forest ${at + 1} of ${trials.length}`);
    const outputs = await forest(answers, part, tested, { seed: trial.seed, onProgress });
    ofForests.push(measuresOf(answers, outputs, tested.truth));
  }
  const contestant: Contestant = {
    role,
    name,
    ...(isOfClasses ? { knn20: meanAndDeviation(knn20), knn200: meanAndDeviation(knn200) } : {}),
    linear: meanAndDeviation(measures.map(({ score }) => score)),
    ...measuresOver(measures),
  };
  if (!hasForest) return { contestants: [contestant], l2 };
  const trees: Contestant = {
    role,
    name: `${name}, random forest`,
    endToEnd: meanAndDeviation(ofForests.map(({ score }) => score)),
    ...measuresOver(ofForests),
  };
  return { contestants: [contestant, trees], l2 };
}

/** The rows of features with their targets, in the order given. */
export function rowsOf(features: LabelledFeatures, rows: Int32Array): LabelledFeatures {
  const width = features.truth.length / features.rows;
  const truth = new Float32Array(rows.length * width);
  rows.forEach((row, at) => {
    truth.set(features.truth.subarray(row * width, (row + 1) * width), at * width);
  });
  return {
    ...select(features, rows),
    truth,
    strata: rows.map((row) => features.strata[row]!),
    entries: rows.map((row) => features.entries[row]!),
    broken: features.broken,
  };
}

/** Means and deviations of measures over trainings; a measure that some lack is of those that have it. */
export function measuresOver(all: readonly Pick<Measures, "named" | "each">[]): Pick<Contestant, "measures" | "each"> {
  const over = (records: readonly Readonly<Record<string, number>>[]): Record<string, Score> => {
    const names = new Set(records.flatMap((record) => Object.keys(record)));
    return Object.fromEntries(
      [...names].map((name) => [name, meanAndDeviation(records.flatMap((record) => record[name] ?? []))]),
    );
  };
  const each = all.flatMap((one) => (one.each ? [one.each] : []));
  const outputs = new Set(each.flatMap((one) => Object.keys(one)));
  const means = (name: string) =>
    Object.fromEntries(
      Object.entries(over(each.flatMap((one) => (one[name] ? [one[name]] : [])))).map(([measure, { mean }]) => [
        measure,
        mean,
      ]),
    );
  return {
    measures: over(all.map(({ named }) => named)),
    ...(each.length > 0 ? { each: Object.fromEntries([...outputs].map((name) => [name, means(name)])) } : {}),
  };
}
