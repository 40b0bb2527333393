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
import { drawLabels, stratifiedSplit } from "../../src/training/data/split.ts";
import { extractFeatures } from "../../src/training/features.ts";
import { type PretrainOptions, pretrain } from "../../src/training/pretrain.ts";
import type { Run } from "../../src/training/run/run.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const data = `${process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`}/cifar10`;
export const trainData = `${data}/train-20k.zip`;
export const testData = `${data}/test-5k.zip`;

/** CIFAR-10's training images unless other data are named. */
export type Choices = Omit<PretrainOptions, "data" | "out"> & { readonly data?: string };

/** The seconds of a training are its own. */
const UNPROBED = { every: "off" } as const;

/** How fast a run is. */
export interface Pace {
  /** CPU seconds of a step and of its batch. */
  readonly seconds: number;
  readonly stepsPerEpoch: number;
}

/** Steps that are not timed, since the first ones allocate, and steps that are. */
const [UNTIMED, TIMED] = [6, 16];

/** CPU seconds of this process, its workers included. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** One thread: more of them wait for each other busily, and a share of the CPU time would be that of other work. */
const onOneThread = (training: Choices["training"]): Choices["training"] => ({ threads: 1, ...training });

/**
 * The pace of a run that is thrown away, in CPU time, since a method's epochs should not depend on what else the machine does. Of
 * a step's times the lower quartile: other work makes steps slower, by the caches, and never faster.
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
    probe: UNPROBED,
    training: { ...onOneThread(choices.training), epochs: 1000, logEvery: 1, checkpointEvery: 1_000_000 },
    signal: stop.signal,
    onProgress({ steps, epochs }) {
      stepsPerEpoch = steps / epochs;
      times.push(cpuSeconds());
      if (times.length > UNTIMED + TIMED) stop.abort();
    },
  });
  await rm(folder, { recursive: true, force: true });
  const steps = times.slice(UNTIMED + 1).map((time, at) => time - times[UNTIMED + at]!);
  return { seconds: steps.sort((a, b) => a - b)[TIMED / 4]!, stepsPerEpoch };
}

/** Whole epochs that come nearest to so many CPU minutes at that pace; the learning rate's schedule is theirs. */
export function epochsIn(minutes: number, { seconds, stepsPerEpoch }: Pace): number {
  return Math.max(1, Math.round((minutes * 60) / seconds / stepsPerEpoch));
}

/** A run, and how long it took. */
export interface Timed {
  readonly run: Run;
  /** By the clock, of all processes that trained it. */
  readonly seconds: number;
  /** CPU time, if it was trained in this process alone. */
  readonly cpuSeconds: number | undefined;
}

/** Trains to the end on one thread, or goes on with a run that was interrupted. */
export async function trained(choices: Choices, out: string, resume: boolean): Promise<Timed> {
  await mkdir(dirname(out), { recursive: true });
  const before = cpuSeconds();
  let shownAt = 0;
  const run = await pretrain({
    ...(resume ? {} : { ...choices, training: onOneThread(choices.training) }),
    data: choices.data ?? trainData,
    out,
    resume,
    probe: UNPROBED,
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
  return { run, seconds, cpuSeconds: resume ? undefined : cpuSeconds() - before };
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
/** Share of the training images that settings are chosen by, the same for every method and seed. */
const VALIDATION = { share: 0.2, seed: 0 };

/**
 * kNN and linear accuracy of frozen features, and how much of their space they use.
 * @param part `test`: on the test images, with all training images labelled; `validation`: on a fifth of the training images,
 * with the others labelled, for choosing settings: the test images are not even read
 */
export async function worthOf(
  encoder: Encoder,
  params: InitialParams,
  modality: Modality<unknown>,
  seed: number,
  part: "test" | "validation" = "test",
): Promise<Worth> {
  const vectorsOf = async (path: string): Promise<LabelledVectors> => {
    const source = await image.open(path);
    const { labels, ...features } = await extractFeatures({ encoder, params, modality, source });
    await source.close();
    if (!labels) throw new Error(`${path}: no labels`);
    return { ...features, labels };
  };
  const all = await vectorsOf(trainData);
  const split = part === "test" ? undefined : stratifiedSplit(all.labels, VALIDATION.share, VALIDATION.seed);
  const train = split ? rowsOf(all, split.kept) : all;
  const test = split ? rowsOf(all, split.held) : await vectorsOf(testData);
  const classes = 10;
  const [near = new Int32Array()] = await knnPredict(train, test, classes);
  const { predictions } = await linearProbe(train, test, classes, seed);
  const few: number[] = [];
  for (let draw = 0; draw < DRAWS; draw++) {
    const rows = drawLabels(train.labels, Math.round(train.rows / 100), seed * DRAWS + draw);
    const probe = await linearProbe(rowsOf(train, rows), test, classes, seed);
    few.push(accuracyOf(probe.predictions, test.labels));
  }
  return {
    knn20: accuracyOf(near, test.labels),
    linear: accuracyOf(predictions, test.labels),
    linear1: meanAndDeviation(few),
    ...spreadOf({ dtype: "float32", shape: [test.rows, test.dim], data: test.data }),
  };
}

function rowsOf({ data, dim, labels }: LabelledVectors, rows: Int32Array): LabelledVectors {
  const some = new Float32Array(rows.length * dim);
  rows.forEach((row, at) => {
    some.set(data.subarray(row * dim, (row + 1) * dim), at * dim);
  });
  return { data: some, rows: rows.length, dim, labels: rows.map((row) => labels[row]!) };
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
