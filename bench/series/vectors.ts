/** What the benches of series share: frozen features of labelled data, and the nearest neighbour by Euclid's distance. */
import { openLabelled } from "../../src/evaluation/labels/judge.ts";
import { accuracyOf } from "../../src/evaluation/scores/metrics.ts";
import { knnPredict, type LabelledVectors } from "../../src/evaluation/vectors/knn.ts";
import { linearProbe } from "../../src/evaluation/vectors/probe.ts";
import { rawValues } from "../../src/evaluation/worth/features.ts";
import { drawLabels } from "../../src/training/data/split.ts";
import { extractFeatures } from "../../src/training/features.ts";
import type { Run } from "../../src/training/run/run.ts";
import { untrainedParams } from "../../src/training/untrained.ts";

export interface Pair {
  readonly train: LabelledVectors;
  readonly test: LabelledVectors;
  readonly classes: number;
}

/** The values themselves, without the mask of those that are missing. */
export function rawReadings({ modality }: Pick<Run, "modality">) {
  const only = <Value>({ series }: Readonly<Record<string, Value>>) => ({ series: series! });
  const tensors = (sample: unknown) => only(modality.tensors(sample));
  return rawValues({ ...modality, specs: only(modality.specs), tensors }, "raw values");
}

/** Features of the trained encoder, of the same untrained, of the raw values, and, which takes long on
 * many windows, of the baseline for series. */
export async function featuresOf(run: Run, train: string, test: string, seed: number, isBaseline = true) {
  const [known, asked] = await Promise.all([openLabelled(run, train, {}), openLabelled(run, test, {})]);
  try {
    const untrained = await untrainedParams(run.config, known, seed + 1);
    const labelled = ({ labels, ...vectors }: Awaited<ReturnType<typeof extractFeatures>>): LabelledVectors => {
      if (!labels) throw new Error("no labels");
      return { ...vectors, labels };
    };
    const pairOf = async (extract: (source: typeof known) => ReturnType<typeof extractFeatures>): Promise<Pair> => ({
      train: labelled(await extract(known)),
      test: labelled(await extract(asked)),
      classes: known.classes?.length ?? 0,
    });
    const raw = rawReadings(run);
    const most = Math.max(known.length, asked.length);
    const baseline = isBaseline ? await run.modalityDefinition.baseline(run.modality, known, { most }) : undefined;
    return {
      trained: await pairOf((source) => extractFeatures({ ...run, source })),
      untrained: await pairOf((source) => extractFeatures({ ...run, params: untrained, source })),
      raw: await pairOf((source) => raw.extract(source)),
      ...(baseline ? { baseline: await pairOf((source) => baseline.extract(source)) } : {}),
    };
  } finally {
    await Promise.all([known.close(), asked.close()]);
  }
}

/** Accuracies in per cent, one for each draw of so many labels a class; of all labels without a count. */
export async function accuraciesOf(pair: Pair, seed: number, shots?: number, draws = 1) {
  const result = { nearest: [] as number[], linear: [] as number[] };
  for (let draw = 0; draw < draws; draw++) {
    const part = shots === undefined ? pair.train : drawn(pair.train, shots * pair.classes, seed * draws + draw);
    const [near = new Int32Array()] = await knnPredict(part, pair.test, pair.classes, [1]);
    const { predictions } = await linearProbe(part, pair.test, pair.classes, seed + draw);
    result.nearest.push(100 * accuracyOf(near, pair.test.labels));
    result.linear.push(100 * accuracyOf(predictions, pair.test.labels));
  }
  return result;
}

/** So many labelled rows, drawn evenly over the classes. */
export function drawn(vectors: LabelledVectors, count: number, seed: number): LabelledVectors {
  const rows = drawLabels(vectors.labels, count, seed);
  const { dim } = vectors;
  const data = new Float32Array(rows.length * dim);
  rows.forEach((row, at) => {
    data.set(vectors.data.subarray(row * dim, (row + 1) * dim), at * dim);
  });
  return { data, dim, rows: rows.length, labels: rows.map((row) => vectors.labels[row]!) };
}

/** Accuracy of the nearest training row, by Euclid's distance, in per cent. */
export function nearestAccuracy(train: LabelledVectors, test: LabelledVectors): number {
  const { dim } = train;
  let right = 0;
  for (let row = 0; row < test.rows; row++) {
    let [best, label] = [Number.POSITIVE_INFINITY, -1];
    for (let other = 0; other < train.rows; other++) {
      let sum = 0;
      for (let at = 0; at < dim && sum < best; at++)
        sum += (test.data[row * dim + at]! - train.data[other * dim + at]!) ** 2;
      if (sum < best) [best, label] = [sum, train.labels[other]!];
    }
    right += Number(label === test.labels[row]);
  }
  return (100 * right) / test.rows;
}
