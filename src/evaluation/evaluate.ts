import type { Array } from "../array/index.ts";
import type { InitialParams, Inputs, Params } from "../encoders/index.ts";
import { UserError } from "../foundation/errors.ts";
import { linear } from "../layers/linear.ts";
import type { Source } from "../modalities/index.ts";
import { extractFeatures } from "../training/features.ts";
import type { Run } from "../training/run.ts";
import { trainSupervised } from "../training/supervised.ts";
import { type Extractor, extractorsOf, labelled, openLabelled, select } from "./contestants.ts";
import { knnPredict } from "./knn.ts";
import { accuracyOf, meanAndDeviation } from "./metrics.ts";
import { linearProbe } from "./probe.ts";
import { drawLabels } from "./split.ts";

export interface EvaluateOptions {
  readonly run: Run;
  /** Labelled data to learn from. */
  readonly train: string;
  /** Labelled data to be judged on. */
  readonly test: string;
  readonly trainLabels?: string;
  readonly testLabels?: string;
  /** Columns of tables, the same in both. */
  readonly column?: string;
  readonly labelColumn?: string;
  /** Use only this many training labels, drawn evenly over the classes; several draws. */
  readonly labels?: number;
  readonly draws?: number;
  /** Also train the same encoder from scratch on the labels. */
  readonly scratch?: boolean;
  /** Steps of that training. */
  readonly scratchSteps?: number;
  readonly seed?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** Accuracies in [0, 1]; with draws, mean and sample standard deviation. */
export interface Score {
  readonly mean: number;
  readonly deviation: number;
}

export interface Contestant {
  readonly name: Extractor["name"] | "scratch";
  readonly knn20?: Score;
  readonly knn200?: Score;
  readonly linear?: Score;
  /** Of the classifier trained end to end. */
  readonly accuracy?: Score;
}

export interface Evaluation {
  readonly run: { path: string; method: string; encoder: string; step: number; epoch: number; seed: number };
  readonly train: { path: string; entries: number; labelled: number; used: number; broken: number };
  readonly test: { path: string; entries: number; labelled: number; broken: number };
  readonly classes: readonly string[];
  /** Accuracy of always saying the commonest class of the test data. */
  readonly chance: number;
  readonly draws: number;
  readonly contestants: readonly Contestant[];
  /** L2 strengths that the probes of the pretrained features chose, a draw each. */
  readonly l2: readonly number[];
  readonly scratchSteps: number;
  readonly seconds: number;
}

const SCRATCH_STEPS = 1500;

/**
 * What the representation is worth: kNN and linear probe on frozen features, beside raw pixels (of texts: TF-IDF), the
 * same encoder untrained, and the same encoder trained from scratch on the same labels.
 * @throws UserError when labels are missing or the classes of train and test do not match
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { run, seed = 0, onProgress } = options;
  const start = performance.now();
  const columns = { column: options.column, labelColumn: options.labelColumn };
  const train = await openLabelled(run, options.train, { ...columns, labels: options.trainLabels });
  const test = await openLabelled(run, options.test, { ...columns, labels: options.testLabels });
  try {
    const classes = train.classes ?? [];
    const unknown = (test.classes ?? []).filter((name) => !classes.includes(name));
    if (unknown.length > 0)
      throw new UserError(
        `${options.test}: class "${unknown[0]}" does not occur in ${options.train} (${classes.slice(0, 5).join(", ")} …)`,
      );
    const stage = (name: string) => (done: number, total: number) => onProgress?.(name, done, total);
    const extractors = await extractorsOf(run, train, stage);
    const contestants: Contestant[] = [];
    const l2: number[] = [];
    let draws: Int32Array[] = [];
    let entries: Int32Array = new Int32Array();
    let counts = { train: { labelled: 0, broken: 0 }, test: { labelled: 0, broken: 0 }, chance: 0 };
    for (const { name, extract } of extractors) {
      const bank = labelled(await extract(train), classes);
      const queries = labelled(await extract(test), classes);
      if (draws.length === 0) {
        draws = drawsOf(bank.labels, options, seed);
        entries = bank.entries;
        counts = {
          train: { labelled: bank.rows, broken: bank.broken },
          test: { labelled: queries.rows, broken: queries.broken },
          chance: commonest(queries.labels),
        };
      }
      const scores = { knn20: [] as number[], knn200: [] as number[], linear: [] as number[] };
      for (const [draw, rows] of draws.entries()) {
        stage(`${name}: kNN and linear probe`)(draw, draws.length);
        const part = select(bank, rows);
        const [near = new Int32Array(), far = new Int32Array()] = await knnPredict(part, queries, classes.length);
        const probe = await linearProbe(part, queries, classes.length, seed + draw, {
          standardized: name !== "tf-idf",
        });
        scores.knn20.push(accuracyOf(near, queries.labels));
        scores.knn200.push(accuracyOf(far, queries.labels));
        scores.linear.push(accuracyOf(probe.predictions, queries.labels));
        if (name === "pretrained") l2.push(probe.l2);
      }
      contestants.push({
        name,
        knn20: meanAndDeviation(scores.knn20),
        knn200: meanAndDeviation(scores.knn200),
        linear: meanAndDeviation(scores.linear),
      });
    }
    const scratchSteps = options.scratchSteps ?? SCRATCH_STEPS;
    if (options.scratch !== false) {
      const accuracies: number[] = [];
      for (const [draw, rows] of draws.entries()) {
        const params = await trainSupervised({
          config: run.config,
          source: train,
          indices: rows.map((row) => entries[row]!),
          classes: classes.length,
          steps: scratchSteps,
          seed: seed + draw,
          onProgress: stage(`from scratch, draw ${draw + 1} of ${draws.length}`),
        });
        accuracies.push(await classifierAccuracy(run, params, test, classes));
      }
      contestants.push({ name: "scratch", accuracy: meanAndDeviation(accuracies) });
    }
    const { config, path, step, epoch } = run;
    return {
      run: { path, method: config.method.name, encoder: config.encoder.name, step, epoch, seed: config.training.seed },
      train: { path: options.train, entries: train.length, ...counts.train, used: draws[0]?.length ?? 0 },
      test: { path: options.test, entries: test.length, ...counts.test },
      classes,
      chance: counts.chance,
      draws: draws.length,
      contestants,
      l2,
      scratchSteps: options.scratch === false ? 0 : scratchSteps,
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await train.close();
    await test.close();
  }
}

const drawsOf = (labels: Int32Array, { labels: count, draws = 5 }: EvaluateOptions, seed: number): Int32Array[] =>
  count === undefined
    ? [Int32Array.from(labels.keys())]
    : globalThis.Array.from({ length: draws }, (_, draw) => drawLabels(labels, count, seed + draw));

function commonest(labels: Int32Array): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.max(...counts.values()) / labels.length;
}

/** Accuracy on the test data of an encoder with a linear head. */
async function classifierAccuracy(
  run: Run,
  params: InitialParams,
  test: Source<unknown>,
  classes: readonly string[],
): Promise<number> {
  const head = linear(run.encoder.embedDim, classes.length);
  const classifier = {
    ...run.encoder,
    embedDim: classes.length,
    apply: (weights: Params, inputs: Inputs): Array => {
      const { encoder, head: last } = weights as { encoder: Params; head: { weight: Array; bias: Array } };
      return head.apply(last, run.encoder.apply(encoder, inputs));
    },
  };
  const logits = await extractFeatures({ encoder: classifier, params, modality: run.modality, source: test });
  const { data, dim, rows, labels } = labelled(logits, classes);
  const predictions = Int32Array.from({ length: rows }, (_, row) => {
    const scores = data.subarray(row * dim, (row + 1) * dim);
    return scores.indexOf(scores.reduce((most, score) => Math.max(most, score)));
  });
  return accuracyOf(predictions, labels);
}
