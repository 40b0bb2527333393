import type { Features } from "../../data/features.ts";
import {
  type Answers,
  type Modality,
  type OpenOptions,
  type Part,
  parts,
  type Source,
  subset,
  truthsOf,
  unknownAmong,
} from "../../data/index.ts";
import { labelledEntries } from "../../data/parts/part.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { UserError } from "../../foundation/errors.ts";
import { everyEntry, extractFeatures, readBatches } from "../../training/features.ts";
import { type DataReader, openData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { confusionOf, largestOf, measuresOf, perClassOf } from "../scores/measures.ts";
import { accuracyOf } from "../scores/metrics.ts";
import { bankOf, nearestOthers } from "../vectors/nearest.ts";
import { type Predictor, predictor } from "./predictor.ts";

/** A run's outputs for labelled samples, with their targets. */
export interface LabelledOutputs {
  /** `[rows, outputs]` each. */
  readonly logits: Float32Array;
  readonly truth: Float32Array;
  readonly rows: number;
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Runs a model on labelled entries.
 * @param run maps a batch of rows to logits or values
 * @param options.labels label of every entry of the source
 * @param options.classes names of the labels
 */
export async function collectOutputs(
  run: (rows: Parameters<Predictor["logits"]>[0]) => Promise<Float32Array>,
  answers: Answers,
  options: {
    readonly modality: Modality<unknown>;
    readonly source: Source<unknown>;
    readonly indices: Int32Array;
    readonly labels: Int32Array;
    readonly classes: readonly string[];
    readonly onProgress?: (done: number, total: number) => void;
  },
): Promise<LabelledOutputs> {
  const { indices, labels, classes, onProgress } = options;
  const width = answers.outputs.length;
  const truths = truthsOf(answers, classes);
  const broken: { name: string; reason: string }[] = [];
  if (answers.task === "token-classification") return collectTokens(run, answers, options, truths);
  const logits = new Float32Array(indices.length * width);
  const truth = new Float32Array(indices.length * width);
  let rows = 0;
  for await (const batch of readBatches(options, broken)) {
    logits.set(await run(batch.rows), rows * width);
    batch.indices.forEach((index, at) => {
      truth.set(truths[labels[index]!]!, (rows + at) * width);
    });
    rows += batch.rows.length;
    onProgress?.(rows + broken.length, indices.length);
  }
  return { logits: logits.subarray(0, rows * width), truth: truth.subarray(0, rows * width), rows, broken };
}

/** The same of labelled tokens: a row for each of those that the encoder reads. */
async function collectTokens(
  run: (rows: Parameters<Predictor["logits"]>[0]) => Promise<Float32Array>,
  { outputs }: Answers,
  { indices, labels, onProgress, ...data }: Parameters<typeof collectOutputs>[2],
  truths: readonly Float32Array[],
): Promise<LabelledOutputs> {
  const width = outputs.length;
  const broken: { name: string; reason: string }[] = [];
  const logits: number[] = [];
  const truth: number[] = [];
  let done = 0;
  for await (const batch of readBatches({ ...data, indices }, broken)) {
    const all = await run(batch.rows);
    const size = all.length / batch.rows.length;
    for (const [row, index] of batch.indices.entries()) {
      const targets = truths[labels[index]!]!;
      let unit = 0;
      for (let at = row * size; at < (row + 1) * size; at += width) {
        // Tokens that stand for no unit.
        if (Number.isNaN(all[at]!)) continue;
        const target = targets.subarray(unit * width, (unit + 1) * width);
        unit++;
        if (!target.some((value) => value > 0)) continue;
        for (let output = 0; output < width; output++) {
          logits.push(all[at + output]!);
          truth.push(target[output]!);
        }
      }
    }
    done += batch.rows.length;
    onProgress?.(done + broken.length, indices.length);
  }
  const rows = truth.length / width;
  return { logits: Float32Array.from(logits), truth: Float32Array.from(truth), rows, broken };
}

export interface Verdict {
  readonly task: Answers["task"];
  readonly outputs: readonly string[];
  readonly rows: number;
  readonly broken: number;
  /** The task's score: accuracy, mean average precision, R², or `recallAtOne`. */
  readonly score: number;
  /** `accuracy` …, see `Measures`; for similarity the share of samples whose nearest neighbour has the same label. */
  readonly measures: Readonly<Record<string, number>>;
  /** Of several labels or values the measures of each: see `Measures`. */
  readonly each?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly unmeasured?: readonly string[];
  /** For classification; rows are true classes, columns predicted ones. */
  readonly confusion?: readonly (readonly number[])[];
  readonly perClass?: readonly {
    readonly name: string;
    readonly count: number;
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
  }[];
}

export interface JudgeOptions extends OpenOptions {
  readonly run: Run;
  /** Labelled data; with a split, its test part. */
  readonly data: Paths;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Scores a fine-tuned run on labelled data.
 * @throws UserError when there are no labels, or labels that the run was not trained with
 *
 * @example
 * const run = await openRun("runs/tuned");
 * console.log(verdictTable(await judge({ run, data: "labelled/test" })));
 */
export async function judge({ run, data, onProgress, ...open }: JudgeOptions): Promise<Verdict> {
  const source = testPart(await openLabelled(run, data, open));
  try {
    if (run.config.method.options.task === "similarity") {
      const indices = labelledEntries(source.labels);
      const { modality, encoder, params } = run;
      const features = await extractFeatures({ encoder, params, modality, source, indices, onProgress });
      const { rows, broken } = features;
      const recall = recallAtOne(features, features.labels ?? new Int32Array());
      return {
        task: "similarity",
        outputs: [],
        rows,
        broken: broken.length,
        score: recall,
        measures: { recallAtOne: recall },
      };
    }
    const { answers, predicted } = await predictLabelled(run, { data, source, onProgress });
    return verdictOf(answers, predicted);
  } finally {
    await source.close();
  }
}

/**
 * Predicts the labelled entries of a source with a fine-tuned run.
 * @throws UserError when a label is one that the run was not trained with
 */
export async function predictLabelled(
  run: Run,
  { data, source, onProgress }: Pick<JudgeOptions, "data" | "onProgress"> & { readonly source: Source<unknown> },
): Promise<{ answers: Answers; predicted: LabelledOutputs }> {
  const { labels = new Int32Array(), classes = [] } = source;
  const indices = labelledEntries(labels);
  const model = await predictor(run);
  try {
    refuseUnknown(data, classes, model);
    const options = { modality: run.modality, source, indices, labels, classes, onProgress };
    return { answers: model, predicted: await collectOutputs((rows) => model.logits(rows), model, options) };
  } finally {
    await model.dispose();
  }
}

/** The test part of data that are split; of others all. */
export const testPart = (source: Source<unknown>): Source<unknown> => partOf(source, "test") ?? source;

/** One part of data that are split. */
export function partOf(source: Source<unknown>, part: Part): Source<unknown> | undefined {
  const { parts: all } = source;
  return (
    all &&
    subset(
      source,
      everyEntry(source).filter((entry) => parts[all[entry]!] === part),
    )
  );
}

/** Checks the test data of a model before it is trained. @throws UserError as `judge` */
export async function checkTest(
  reader: DataReader,
  { data, ...open }: Pick<JudgeOptions, "data" | keyof OpenOptions>,
  answers: Answers,
): Promise<void> {
  const source = await openLabelled(reader, data, open);
  try {
    refuseUnknown(data, source.classes ?? [], answers);
  } finally {
    await source.close();
  }
}

/** @throws UserError when a label is not among the model's outputs */
function refuseUnknown(data: Paths, classes: readonly string[], answers: Answers): void {
  const { outputs } = answers;
  const unknown = unknownAmong(answers, classes);
  if (unknown !== undefined)
    throw new UserError(
      `${inWords(data)}: "${unknown}" is not among the labels of the training data: ${outputs.slice(0, 5).join(", ")}${outputs.length > 5 ? " …" : ""}`,
    );
}

function verdictOf({ task, outputs }: Answers, { logits, truth, rows, broken }: LabelledOutputs): Verdict {
  const { named, score, each, unmeasured } = measuresOf({ task, outputs }, logits, truth);
  const verdict = {
    ...{ task, outputs, rows, broken: broken.length, score, measures: named },
    ...(each ? { each } : {}),
    ...(unmeasured?.length ? { unmeasured } : {}),
  };
  if (task !== "classification" && task !== "token-classification") return verdict;
  const confusion = confusionOf(largestOf(logits, outputs.length), largestOf(truth, outputs.length), outputs.length);
  const perClass = perClassOf(confusion).map((scores, label) => ({ name: outputs[label]!, ...scores }));
  return { ...verdict, confusion, perClass };
}

/** Share of rows whose nearest other row has the same label. */
export function recallAtOne({ data, rows, dim }: Features, labels: Int32Array): number {
  if (rows < 2) return 0;
  const nearest = nearestOthers(bankOf(data, dim), data, dim, 1).rows;
  return accuracyOf(
    nearest.map((row) => labels[row] ?? -1),
    labels,
  );
}

/** @throws UserError when the data have no labels */
export async function openLabelled(reader: DataReader, path: Paths, options: OpenOptions): Promise<Source<unknown>> {
  const source = await openData(reader, path, options);
  if (source.labels?.some((label) => label >= 0)) return source;
  await source.close();
  throw new UserError(
    `${inWords(path)}: no labels; put each class in a sub-folder, give a table with the columns path and label, or name the --label-column of a table`,
  );
}
