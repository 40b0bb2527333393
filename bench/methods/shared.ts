/** What the benches of methods share: the data, training for so many minutes, and what a representation is worth. */
import { appendFile, mkdir, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Modality } from "../../src/data/index.ts";
import type { Encoder, InitialParams } from "../../src/encoders/index.ts";
import { accuracyOf, meanAndDeviation } from "../../src/evaluation/scores/metrics.ts";
import { knnPredict, type LabelledVectors } from "../../src/evaluation/vectors/knn.ts";
import { linearProbe } from "../../src/evaluation/vectors/probe.ts";
import { image } from "../../src/modalities/image/index.ts";
import { spreadOf } from "../../src/training/collapse.ts";
import { drawLabels } from "../../src/training/data/split.ts";
import { extractFeatures } from "../../src/training/features.ts";
import { type PretrainOptions, pretrain } from "../../src/training/pretrain.ts";
import type { Run } from "../../src/training/run/run.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const data = `${process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`}/cifar10`;
export const trainData = `${data}/train-20k.zip`;
export const testData = `${data}/test-5k.zip`;

/** CIFAR-10's training images unless other data are named. */
export type Choices = Omit<PretrainOptions, "data" | "out"> & { readonly data?: string };

/** How fast a run is. */
export interface Pace {
  /** Of a step. */
  readonly seconds: number;
  readonly stepsPerEpoch: number;
}

/** Steps that are not timed, since the first ones allocate, and steps that are. */
const [UNTIMED, TIMED] = [6, 16];

/**
 * The pace of a run that is thrown away. Of a step's times the lower quartile: on a shared machine others make steps
 * slower, never faster, and a method's epochs should not depend on them.
 */
export async function secondsPerStep(choices: Choices, folder: string): Promise<Pace> {
  await rm(folder, { recursive: true, force: true });
  const stop = new AbortController();
  const times: number[] = [];
  let stepsPerEpoch = 0;
  await pretrain({
    data: trainData,
    ...choices,
    out: folder,
    training: { ...choices.training, epochs: 1000, logEvery: 1, checkpointEvery: 1_000_000 },
    signal: stop.signal,
    onProgress({ steps, epochs }) {
      stepsPerEpoch = steps / epochs;
      times.push(performance.now());
      if (times.length > UNTIMED + TIMED) stop.abort();
    },
  });
  await rm(folder, { recursive: true, force: true });
  const steps = times.slice(UNTIMED + 1).map((time, at) => (time - times[UNTIMED + at]!) / 1000);
  return { seconds: steps.sort((a, b) => a - b)[TIMED / 4]!, stepsPerEpoch };
}

/** Whole epochs that come nearest to so many minutes at that pace; the learning rate's schedule is theirs. */
export function epochsIn(minutes: number, { seconds, stepsPerEpoch }: Pace): number {
  return Math.max(1, Math.round((minutes * 60) / seconds / stepsPerEpoch));
}

/** Trains to the end, or goes on with a run that was interrupted. @returns the run and the seconds of training */
export async function trained(choices: Choices, out: string, resume: boolean): Promise<{ run: Run; seconds: number }> {
  await mkdir(dirname(out), { recursive: true });
  let shownAt = 0;
  const run = await pretrain({
    ...(resume ? {} : choices),
    data: choices.data ?? trainData,
    out,
    resume,
    onNote: (note) => console.error(note),
    onProgress({ step, steps, loss, samplesPerSecond, effectiveRank, etaSeconds }) {
      if (performance.now() - shownAt < 30_000 && step < steps) return;
      shownAt = performance.now();
      console.error(
        `  ${step}/${steps} loss ${loss.toFixed(4)} rank ${effectiveRank?.toFixed(1)} ${samplesPerSecond.toFixed(0)} samples/s, ${etaSeconds.toFixed(0)} s left`,
      );
    },
  });
  const rows = await run.metrics();
  // Seconds restart with each resumed process; a process's last row holds its share.
  const seconds = rows.reduce(
    (sum, row, at) => sum + (at + 1 === rows.length || rows[at + 1]!.seconds < row.seconds ? row.seconds : 0),
    0,
  );
  return { run, seconds };
}

export interface Worth {
  readonly knn20: number;
  readonly linear: number;
  /** Of five draws of 1 % of the labels. */
  readonly linear1: { readonly mean: number; readonly deviation: number };
  readonly effectiveRank: number;
  readonly featureDeviation: number;
}

const DRAWS = 5;

/** kNN and linear accuracy of frozen features on the test images, and how much of their space they use. */
export async function worthOf(
  encoder: Encoder,
  params: InitialParams,
  modality: Modality<unknown>,
  seed: number,
): Promise<Worth> {
  const vectorsOf = async (path: string): Promise<LabelledVectors> => {
    const source = await image.open(path);
    const { labels, ...features } = await extractFeatures({ encoder, params, modality, source });
    await source.close();
    if (!labels) throw new Error(`${path}: no labels`);
    return { ...features, labels };
  };
  const [train, test] = [await vectorsOf(trainData), await vectorsOf(testData)];
  const classes = 10;
  const [near = new Int32Array()] = await knnPredict(train, test, classes);
  const { predictions } = await linearProbe(train, test, classes, seed);
  const few: number[] = [];
  for (let draw = 0; draw < DRAWS; draw++) {
    const rows = drawLabels(train.labels, Math.round(train.rows / 100), seed * DRAWS + draw);
    const part = new Float32Array(rows.length * train.dim);
    rows.forEach((row, at) => {
      part.set(train.data.subarray(row * train.dim, (row + 1) * train.dim), at * train.dim);
    });
    const labels = rows.map((row) => train.labels[row]!);
    const probe = await linearProbe({ data: part, rows: rows.length, dim: train.dim, labels }, test, classes, seed);
    few.push(accuracyOf(probe.predictions, test.labels));
  }
  return {
    knn20: accuracyOf(near, test.labels),
    linear: accuracyOf(predictions, test.labels),
    linear1: meanAndDeviation(few),
    ...spreadOf({ dtype: "float32", shape: [test.rows, test.dim], data: test.data }),
  };
}

/** Lines of a results file. */
export async function linesOf<Line>(file: string): Promise<Line[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line): Line => JSON.parse(line));
}

export async function addLine(file: string, line: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, `${JSON.stringify(line)}\n`);
}
