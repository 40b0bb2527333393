import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { allocate, Rng, sizeOf, type Tensor } from "../../array/index.ts";
import type { Features } from "../../data/features.ts";
import type { Modality, Source, TensorRecord } from "../../data/index.ts";
import { groupNumbersOf } from "../../data/parts/group-numbers.ts";
import { labelledEntries } from "../../data/parts/part.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { messageOf, skipBroken, UserError } from "../../foundation/errors.ts";
import { temporaryFolder } from "../../foundation/temporary.ts";
import { type ExportedModel, openExported } from "../../interop/exported-model.ts";
import { sealed, unsealed } from "../../interop/onnx-seal.ts";
import { BATCH, collect, stack } from "../../training/features.ts";
import { buildMethod, type Run } from "../../training/run/run.ts";
import { collectOutputs } from "../labels/judge.ts";
import { openTrainAndTest, type TrainAndTest } from "../labels/labelled-sources.ts";
import { measuresOf } from "../scores/measures.ts";
import { accuracyOf } from "../scores/metrics.ts";
import { knnPredict } from "../vectors/knn.ts";
import { linearProbe } from "../vectors/probe.ts";
import { labelled } from "../worth/contestants.ts";
import { exportRun, publisherOf } from "./export-run.ts";

/** A model as it would be shipped. */
export interface Shipped {
  readonly name: string;
  /** The ONNX file. */
  readonly model: Uint8Array;
  /** The run it is of. */
  readonly run: Run;
}

/** A model's size, latency and accuracy. */
export interface ShippedWorth {
  readonly name: string;
  /** Size of the ONNX file. */
  readonly bytes: number;
  /** Median milliseconds of a call with one sample, and with 64. */
  readonly latency1: number;
  readonly latency64: number;
  /** Accuracies in [0, 1], if there are labelled data. */
  readonly knn20?: number;
  readonly linear?: number;
  /** Accuracy of a fine-tuned model's head. */
  readonly head?: number;
}

/** Labelled training and test data. */
export interface LabelledPair extends Omit<TrainAndTest, "split" | "folds"> {
  readonly test: Paths;
  readonly seed?: number;
}

export interface MeasureOptions {
  readonly labels?: LabelledPair;
  readonly threads?: number;
  /** Most seconds of timing for one batch size, over all models. */
  readonly seconds?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** Bounds of the timed calls of each model; between them as many as fit into the seconds. */
const LEAST_CALLS = 5;
const MOST_CALLS = 50;

/**
 * Measures size, latency and accuracy of models through their ONNX files, as they will be deployed. Models take turns, so
 * that other load on the machine affects all of them equally.
 * @throws UserError when the data for accuracies have no labels, or classes of the test data are not in the training data
 */
export async function measureShipped(
  models: readonly Shipped[],
  options: MeasureOptions = {},
): Promise<ShippedWorth[]> {
  const { labels, threads, seconds = 10, onProgress } = options;
  await using opened = new AsyncDisposableStack();
  const files: { shipped: Shipped; file: ExportedModel }[] = [];
  for (const shipped of models) {
    const file = opened.adopt(
      await openExported(shipped.model, await publisherOf(shipped.run.modalityDefinition), { threads }),
      (open) => open.dispose(),
    );
    files.push({ shipped, file });
  }
  const latencies = new Map<number, number[]>();
  for (const batch of [1, 64]) {
    onProgress?.(`latency, batch ${batch}`, 0, 1);
    latencies.set(batch, await latenciesOf(files, batch, seconds));
  }
  const result: ShippedWorth[] = [];
  for (const [index, { shipped, file }] of files.entries()) {
    const stage = (name: string) => (done: number, total: number) =>
      onProgress?.(`${shipped.name}: ${name}`, done, total);
    result.push({
      name: shipped.name,
      bytes: sizeOfFile(shipped.model),
      latency1: latencies.get(1)![index]!,
      latency64: latencies.get(64)![index]!,
      ...(labels ? await accuracies(shipped, file, labels, stage) : {}),
    });
  }
  return result;
}

/** Median milliseconds of a call, for each model. */
async function latenciesOf(
  files: readonly { shipped: Shipped; file: ExportedModel }[],
  batch: number,
  seconds: number,
): Promise<number[]> {
  const feeds = files.map(({ shipped, file }) => file.feeds(placeholderBatch(shipped.run.modality, batch)));
  const times = files.map((): number[] => []);
  // The first call of each is a warm-up.
  for (const [index, { file }] of files.entries()) await file.vectors(feeds[index]!);
  const start = performance.now();
  for (let call = 0; call < MOST_CALLS; call++) {
    if (call >= LEAST_CALLS && performance.now() - start > seconds * 1000) break;
    for (const [index, { file }] of files.entries()) {
      const began = performance.now();
      await file.vectors(feeds[index]!);
      times[index]!.push(performance.now() - began);
    }
  }
  return times.map((all) => all.sort((a, b) => a - b)[all.length >> 1]!);
}

/** Placeholder inputs: noise for floats, ones for tokens and their mask. */
function placeholderBatch(modality: Modality<unknown>, batch: number): Record<string, Tensor> {
  const rng = new Rng(0);
  return Object.fromEntries(
    Object.entries(modality.specs).map(([name, { dtype, shape: sampleShape }]): [string, Tensor] => {
      const shape = [batch, ...sampleShape];
      if (dtype === "float32") return [name, rng.split(name).normals(shape)];
      const data = allocate(dtype, sizeOf(shape));
      data.fill(1);
      return [name, { dtype, shape, data }];
    }),
  );
}

/** Accuracies of kNN and a linear probe on the file's vectors, and of the head if there is one. */
async function accuracies(
  { run }: Shipped,
  file: ExportedModel,
  { seed = 0, ...pair }: LabelledPair,
  stage: (name: string) => (done: number, total: number) => void,
): Promise<Pick<ShippedWorth, "knn20" | "linear" | "head">> {
  await using opened = new AsyncDisposableStack();
  const { train, test, answers } = opened.adopt(await openTrainAndTest(run, pair), (both) => both.close());
  const trainFeatures = await exportedFeatures(file, run, train, stage(inWords(pair.train)));
  const testFeatures = await exportedFeatures(file, run, test, stage(inWords(pair.test)));
  const bank = labelled(trainFeatures, answers, await groupNumbersOf(run.modalityDefinition, train));
  const queries = labelled(testFeatures, answers);
  const classes = answers.outputs.length;
  const [near = new Int32Array()] = await knnPredict(bank, queries, classes, [20]);
  const { predictions } = await linearProbe(bank, queries, classes, seed);
  const head = await headAccuracy(run, file, test, stage(`${inWords(pair.test)}, head`));
  return {
    knn20: accuracyOf(near, queries.labels),
    linear: accuracyOf(predictions, queries.labels),
    ...(head === undefined ? {} : { head }),
  };
}

/**
 * Opens the labelled data and reads one sample of each, so that errors show before hours of training.
 * @throws UserError as `measureShipped` would, and when no labelled sample can be decoded
 */
export async function checkLabels(run: Run, labels: LabelledPair | undefined): Promise<void> {
  if (!labels) return;
  const { train, test, close } = await openTrainAndTest(run, labels);
  try {
    await readOne(train, labels.train);
    await readOne(test, labels.test);
  } finally {
    await close();
  }
}

async function readOne(source: Source<unknown>, path: Paths): Promise<void> {
  let reason = "";
  for (const [entry, label] of (source.labels ?? []).entries())
    if (label >= 0) {
      const sample = await source.read(entry).catch((error: unknown) => {
        reason ||= `${source.name(entry)}: ${messageOf(error)}`;
        return skipBroken(error);
      });
      if (sample !== undefined) return;
    }
  throw new UserError(`${inWords(path)}: no labelled sample can be read; the first is ${reason}`);
}

/** The head's accuracy; undefined if the run has no classifier, or not for the classes of the data. */
async function headAccuracy(
  { config, modality }: Run,
  file: ExportedModel,
  source: Source<unknown>,
  onProgress: (done: number, total: number) => void,
): Promise<number | undefined> {
  if (config.side !== undefined) return undefined;
  const { answers } = (await buildMethod(config, config.data.entries)).method;
  const { labels = new Int32Array(), classes = [] } = source;
  if (answers?.task !== "classification" || !file.logits) return undefined;
  if (classes.some((name) => !answers.outputs.includes(name))) return undefined;
  const indices = labelledEntries(labels);
  const run = async (rows: readonly TensorRecord[]) =>
    Float32Array.from((await file.logits!(file.feeds(stack(rows, rows.length)))).data);
  const { logits, truth } = await collectOutputs(run, answers, {
    modality,
    source,
    indices,
    labels,
    classes,
    onProgress,
  });
  return measuresOf(answers, logits, truth).named.accuracy;
}

/** An exported model's vectors of every entry, `[rows, dim]`. */
export function exportedFeatures(
  file: ExportedModel,
  { modality, encoder }: Pick<Run, "modality" | "encoder">,
  source: Source<unknown>,
  onProgress?: (done: number, total: number) => void,
): Promise<Features> {
  return collect({ modality, source, onProgress }, encoder.embedDim, async (rows) => {
    const { data } = await file.vectors(file.feeds(stack(rows, Math.min(rows.length, BATCH))));
    return Float32Array.from(data);
  });
}

/** Of the file that a model is written to, with its digest. */
const sizeOfFile = (model: Uint8Array): number =>
  sealed(unsealed(model, "model")).reduce((sum, { length }) => sum + length, 0);

/** The ONNX file of a run's export. */
export async function exportedModel(run: Run): Promise<Uint8Array> {
  using folder = temporaryFolder();
  await exportRun({ run, out: folder.path });
  return await readFile(join(folder.path, "model.onnx"));
}
