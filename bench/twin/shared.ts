/** What both sides of the twin share: the same settings, data and measures. */
import type { Modality } from "../../src/data/index.ts";
import type { Encoder, InitialParams } from "../../src/encoders/index.ts";
import { accuracyOf } from "../../src/evaluation/scores/metrics.ts";
import { knnPredict, type LabelledVectors } from "../../src/evaluation/vectors/knn.ts";
import { linearProbe } from "../../src/evaluation/vectors/probe.ts";
import { image } from "../../src/modalities/image/index.ts";
import { extractFeatures } from "../../src/training/features.ts";
import { planOf } from "../../src/training/loop/plan.ts";
import { buildMethod } from "../../src/training/run/run.ts";
import { settle } from "../../src/training/run/settle.ts";
import { untrainedParams } from "../../src/training/untrained.ts";
import { root } from "../methods/shared.ts";
import { twinData } from "./data.ts";
import { settings, type Twin } from "./settings.ts";

export interface Wish {
  readonly twin: Twin;
  readonly seed: number;
  /** Steps after which both sides stop, whatever the schedule; all by default. */
  readonly steps?: number | undefined;
  /** Whether the labelled images are embedded afterwards; true by default. */
  readonly embeds?: boolean;
}

/** The labelled images' features, of one side. */
export interface Vectors {
  readonly train: LabelledVectors;
  readonly test: LabelledVectors;
}

export interface Trained {
  readonly vectors: Vectors | undefined;
  readonly losses: readonly number[];
  /** CPU milliseconds of a step without its batch, and of making a batch; medians. */
  readonly stepMs: number;
  readonly viewMs: number;
}

/** Steps that are not timed: the first ones allocate. */
export const UNTIMED = 3;

/** Folder of one training of one side, thrown away afterwards. */
export const folderOf = ({ twin, seed }: Wish, side: string): string =>
  `${root}/bench/work/twin/${twin}-${seed}-${side}`;

/** CPU time of this process in milliseconds. */
export const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

export async function choicesOf({ twin, seed }: Wish) {
  const { training, ...others } = settings[twin];
  // A row for every step, so that all losses are there.
  const fixed = { seed, threads: 1, workers: 0, logEvery: 1, checkpointEvery: 1_000_000 };
  return { ...others, data: (await twinData()).train, training: { ...training, ...fixed } };
}

/** The settled configuration with its parts built; the caller closes the source. */
export async function settled(wish: Wish) {
  const choices = await choicesOf(wish);
  const source = await image.open(choices.data);
  const { config } = await settle(choices, image, source);
  return { source, config, plan: planOf(config, source, undefined), ...(await buildMethod(config, source.length)) };
}

export async function vectorsOf(
  encoder: Encoder,
  params: InitialParams,
  modality: Modality<unknown>,
): Promise<Vectors> {
  const of = async (path: string): Promise<LabelledVectors> => {
    const source = await image.open(path);
    const { labels, ...features } = await extractFeatures({ encoder, params, modality, source });
    await source.close();
    if (!labels) throw new Error(`${path}: no labels`);
    return { ...features, labels };
  };
  const { train, test } = await twinData();
  return { train: await of(train), test: await of(test) };
}

/** Our encoder before it learned anything, of other weights than the trained one began with. */
export async function untrained(wish: Wish): Promise<Vectors> {
  const { source, config, encoder, modality } = await settled(wish);
  const params = await untrainedParams(config, source, wish.seed + 1);
  await source.close();
  return vectorsOf(encoder, params, modality);
}

const CLASSES = 10;

/** One evaluation for both sides: kNN (k = 20) and linear probe, accuracy on the test images. */
export async function scoresOf({ train, test }: Vectors, seed: number): Promise<{ knn20: number; linear: number }> {
  const [near = new Int32Array()] = await knnPredict(train, test, CLASSES, [20]);
  const { predictions } = await linearProbe(train, test, CLASSES, seed);
  return { knn20: accuracyOf(near, test.labels), linear: accuracyOf(predictions, test.labels) };
}
