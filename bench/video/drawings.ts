/**
 * Arrow of time on handwriting: characters of Omniglot, drawn in time (see `drawings`), forwards or backwards. The encoder
 * learns the direction of five alphabets' characters without their labels, and is judged on two others:
 *
 * - the pretext itself, on each clip and its reverse; chance is 50 %;
 * - 20-way one-shot classification of characters by the nearest neighbour, as in Lake et al. 2015: 20 characters of an alphabet
 *   by one person, and the same 20 by another; beside single frames through the same encoder, the encoder
 *   untrained, and pixels.
 *
 *   node bench/video/drawings.ts [--epochs 3] [--seeds 3] [--trials 400] [--threads 0] [--validation] [--encoder '{…}']
 *
 * Writes bench/results/drawings.jsonl, a line for each seed; what is there is not done again. `--validation` judges on a sixth
 * alphabet, to choose settings by. Data: `$AUTODIDACT_DATA/omniglot-strokes` or ../shared/data/omniglot-strokes.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Rng, type Tensor } from "../../src/array/index.ts";
import type { Source } from "../../src/data/index.ts";
import type { InitialParams } from "../../src/encoders/index.ts";
import { oneShotAccuracy } from "../../src/evaluation/vectors/oneshot.ts";
import type { Run } from "../../src/index.ts";
import { type Clip, clipOf, frameOf } from "../../src/modalities/video/clip.ts";
import { video } from "../../src/modalities/video/index.ts";
import type { Image } from "../../src/pixels/image.ts";
import { extractFeatures } from "../../src/training/features.ts";
import { untrainedParams } from "../../src/training/untrained.ts";
import { addLine, type Choices, linesOf, root, trained } from "../methods/shared.ts";
import { drawings, FRAMES, SIDE, work } from "./clips.ts";

const { values } = parseArgs({
  options: {
    epochs: { type: "string", default: "3" },
    seeds: { type: "string", default: "3" },
    trials: { type: "string", default: "400" },
    encoder: { type: "string", default: '{"patchSize":[4,8,8],"width":96,"depth":4,"heads":3}' },
    training: { type: "string", default: "{}" },
    threads: { type: "string", default: "0" },
    validation: { type: "boolean", default: false },
    out: { type: "string", default: `${root}/bench/results/drawings.jsonl` },
  },
});
const settings = {
  ...{ epochs: Number(values.epochs), encoder: values.encoder, training: values.training },
  ...{ validation: values.validation, trials: Number(values.trials) },
};

interface Line {
  readonly settings: typeof settings;
  readonly seed: number;
  readonly steps: number;
  /** Of training on this machine, whatever else it did. */
  readonly seconds: number;
  readonly machine: string;
  /** Accuracy of the direction on clips of unseen alphabets and their reverses. */
  readonly direction: number;
  /** Accuracy of 20-way one-shot classification by the name of the features. */
  readonly oneShot: Readonly<Record<string, number>>;
}

/** Places of the single frames. */
const STILLS = [4, 11];
const WAYS = 20;

/** Vectors `[rows, dim]` of the clips in the source's order. */
interface Vectors {
  readonly data: Float32Array;
  readonly dim: number;
}

const key = JSON.stringify(settings);
const train = await drawings("train");
const source = await video.open(await drawings(values.validation ? "validation" : "test"));
for (let seed = 0; seed < Number(values.seeds); seed++) {
  const isThere = (line: Line) => line.seed === seed && JSON.stringify(line.settings) === key;
  if ((await linesOf<Line>(values.out)).some(isThere)) continue;
  const folder = `${work}/drawings-run-${createHash("sha256").update(key).digest("hex").slice(0, 8)}-${seed}`;
  const threads = Number(values.threads);
  const choices: Choices = {
    ...{ data: train, method: "arrow-of-time", encoder: "vit", preset: "small" },
    // People write from left to right.
    modalityOptions: { flip: 0, cropScale: [1, 1] },
    encoderOptions: JSON.parse(values.encoder),
    training: { ...JSON.parse(values.training), epochs: settings.epochs, seed, ...(threads > 0 ? { threads } : {}) },
  };
  const { run, seconds } = await trained(choices, folder, existsSync(`${folder}/config.json`));
  const samples = await video.cut!(source, video.options.parse(run.config.modality.options));
  const { direction, oneShot } = await judged(run, samples, seed);
  await samples.close();
  console.log(seed, direction, oneShot);
  await addLine(values.out, {
    ...{ settings, seed, steps: run.step, seconds: Math.round(seconds), direction, oneShot },
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
  } satisfies Line);
}
await source.close();

async function judged(run: Run, samples: Source<Clip>, seed: number) {
  const { encoder, modality } = run;
  const features = (params: InitialParams, clips: Source<unknown> = samples): Promise<Vectors> =>
    extractFeatures({ encoder, params, modality, source: clips });
  const untrained = await untrainedParams(run.config, samples, seed + 1);
  const forwards = await features(run.params);
  const backwards = await features(
    run.params,
    changed(samples, (clip) => built(run).reverse(clip)),
  );
  const right = [...forwardMargins(run, forwards)].filter((margin) => margin > 0).length;
  const wrong = [...forwardMargins(run, backwards)].filter((margin) => margin < 0).length;
  const rows = samples.length;
  const oneShot: Record<string, number> = {};
  const trials = trialsOf(samples, seed);
  const measure = (name: string, { data, dim }: Vectors) => {
    const pick = (places: readonly number[]) => {
      const part = new Float32Array(places.length * dim);
      places.forEach((place, at) => {
        part.set(data.subarray(place * dim, (place + 1) * dim), at * dim);
      });
      return part;
    };
    oneShot[name] = oneShotAccuracy(
      trials.map(({ support, queries }) => ({
        ...{ support: pick(support), queries: pick(queries), answers: Int32Array.from(queries.keys()) },
      })),
      dim,
    );
  };
  measure("clips", forwards);
  measure("clips, untrained", await features(untrained));
  for (const [name, params] of [
    ["single frames, averaged", run.params],
    ["single frames, averaged, untrained", untrained],
  ] as const) {
    const stills = await Promise.all(STILLS.map((place) => features(params, changed(samples, still(place)))));
    measure(name, mean(stills));
    if (params === run.params) measure("one frame", stills[0]!);
  }
  const pixels = await pixelsOf(run, samples);
  measure("pixels of one frame", pixels.one);
  measure("pixels of the mean frame", pixels.mean);
  measure("pixels of all frames", pixels.all);
  return { direction: (right + wrong) / (2 * rows), oneShot };
}

function built(run: Run) {
  return video.build(video.options.parse(run.config.modality.options));
}

/** The source with every clip changed. */
function changed(clips: Source<Clip>, change: (clip: Clip) => Clip): Source<Clip> {
  return { ...clips, read: async (index) => change(await clips.read(index)) };
}

/** One frame of the clip, which stays. */
function still(place: number): (clip: Clip) => Clip {
  return (clip) => ({ ...clip, ...clipOf(Array<Image>(clip.frames).fill(frameOf(clip, place)), clip.rate) });
}

/** By how much the method's head takes each clip to be played forwards. */
function forwardMargins(run: Run, { data, dim }: Vectors): Float32Array {
  const { weight, bias } = run.methodParams.head as Record<string, Tensor>;
  return Float32Array.from({ length: data.length / dim }, (_, row) => {
    let margin = bias!.data[0]! - bias!.data[1]!;
    for (let at = 0; at < dim; at++) margin += data[row * dim + at]! * (weight!.data[at]! - weight!.data[dim + at]!);
    return margin;
  });
}

function mean(vectors: readonly Vectors[]): Vectors {
  const data = vectors[0]!.data.map((_, at) => vectors.reduce((sum, one) => sum + one.data[at]! / vectors.length, 0));
  return { dim: vectors[0]!.dim, data };
}

/** The values of one frame, of the mean of the frames, and of all. */
async function pixelsOf(run: Run, clips: Source<Clip>): Promise<Record<"one" | "mean" | "all", Vectors>> {
  const { tensors } = built(run);
  const plane = SIDE * SIDE;
  const vectors = { one: [] as number[], mean: [] as number[], all: [] as number[] };
  for (let index = 0; index < clips.length; index++) {
    const { pixels } = tensors(await clips.read(index));
    const all = [...pixels!.data].slice(0, FRAMES * plane);
    vectors.all.push(...all);
    vectors.one.push(...all.slice(STILLS[0]! * plane, (STILLS[0]! + 1) * plane));
    for (let at = 0; at < plane; at++) {
      let sum = 0;
      for (let frame = 0; frame < FRAMES; frame++) sum += all[frame * plane + at]!;
      vectors.mean.push(sum / FRAMES);
    }
  }
  const of = (data: readonly number[], dim: number): Vectors => ({ data: Float32Array.from(data), dim });
  return { one: of(vectors.one, plane), mean: of(vectors.mean, plane), all: of(vectors.all, FRAMES * plane) };
}

/** Trials: entries of 20 characters of an alphabet as one person drew them, and as another did. */
function trialsOf(clips: Source<Clip>, seed: number): { support: number[]; queries: number[] }[] {
  const rng = new Rng(seed).split("trials");
  const places = new Map<string, number>();
  for (let index = 0; index < clips.length; index++) {
    const [character = "", file = ""] = clips.name(index).split("/");
    places.set(`${character}/${/_(\d+)/.exec(file)?.[1]}`, index);
  }
  const characters = Map.groupBy(
    [...new Set([...places.keys()].map((name) => name.split("/")[0]!))],
    (character) => character.split("-")[0]!,
  );
  const alphabets = [...characters.values()].filter((all) => all.length >= WAYS);
  const people = [...new Set([...places.keys()].map((name) => name.split("/")[1]!))];
  const trials: { support: number[]; queries: number[] }[] = [];
  while (trials.length < settings.trials) {
    const all = alphabets[rng.integer(0, alphabets.length - 1)]!;
    const chosen = [...rng.permutation(all.length)].slice(0, WAYS).map((at) => all[at]!);
    const [one, other] = [...rng.permutation(people.length)].map((at) => people[at]!);
    const [support, queries] = [one, other].map((person) => chosen.map((name) => places.get(`${name}/${person}`)));
    if (support!.every((at) => at !== undefined) && queries!.every((at) => at !== undefined))
      trials.push({ support, queries } as { support: number[]; queries: number[] });
  }
  return trials;
}
