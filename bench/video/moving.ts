/**
 * Moving Fashion-MNIST, made here: garments that move in one of four directions, 16 frames of 32 × 32, a class of garment
 * and direction (40). VideoMAE (tubes of 90 %) for so many epochs on the training clips without their labels, then a linear
 * probe on frozen features beside the same encoder untrained, the mean frame with the mean change, and the same encoder
 * trained from scratch on the labels.
 *
 *   node bench/video/moving.ts [--epochs 40] [--seeds 3] [--clips 2000] [--test 1000] [--threads 0] [--scratch 3000] [--baseline] [--validation]
 *     [--encoder '{"patchSize":[2,4,4]}'] [--options '{"normalizeTarget":false}']
 *
 * Writes bench/results/moving.jsonl, a line for each seed; what is there is not done again. `--validation` tests on other
 * training images instead, to choose settings by. `--scratch` is the number of steps from scratch; 0 leaves it out.
 * Data: `$AUTODIDACT_DATA/fashion-mnist` or ../shared/data/fashion-mnist.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { trainAndJudge } from "../../src/evaluation/labels/end-to-end.ts";
import { judge } from "../../src/evaluation/labels/judge.ts";
import { type LabelledData, openTrainAndTest } from "../../src/evaluation/labels/labelled-sources.ts";
import { accuracyOf } from "../../src/evaluation/scores/metrics.ts";
import { linearProbe } from "../../src/evaluation/vectors/probe.ts";
import { extractorsOf, labelled } from "../../src/evaluation/worth/contestants.ts";
import type { Run } from "../../src/index.ts";
import { addLine, type Choices, linesOf, root, trained } from "../methods/shared.ts";
import { movingGarments, work } from "./clips.ts";

const { values } = parseArgs({
  options: {
    epochs: { type: "string", default: "40" },
    seeds: { type: "string", default: "3" },
    clips: { type: "string", default: "2000" },
    test: { type: "string", default: "1000" },
    encoder: { type: "string", default: '{"patchSize":[4,8,4],"width":96,"depth":4,"heads":3}' },
    options: { type: "string", default: '{"decoderWidth":64,"decoderDepth":1,"decoderHeads":2}' },
    training: { type: "string", default: "{}" },
    threads: { type: "string", default: "0" },
    scratch: { type: "string", default: "0" },
    baseline: { type: "boolean", default: false },
    validation: { type: "boolean", default: false },
    out: { type: "string", default: `${root}/bench/results/moving.jsonl` },
  },
});

const settings = {
  ...{ epochs: Number(values.epochs), clips: Number(values.clips), encoder: values.encoder, options: values.options },
  ...{ training: values.training, validation: values.validation, scratch: Number(values.scratch) },
};

interface Line {
  readonly settings: typeof settings;
  readonly seed: number;
  readonly steps: number;
  /** Of training on this machine, whatever else it did. */
  readonly seconds: number;
  readonly machine: string;
  /** Linear accuracy, or that of a classifier trained from scratch, by the name of the row. */
  readonly accuracy: Readonly<Record<string, number>>;
}

const key = JSON.stringify(settings);
let data: LabelledData | undefined;
const train = await movingGarments("train", settings.clips);
const test = await movingGarments(values.validation ? "validation" : "test", Number(values.test));
for (let seed = 0; seed < Number(values.seeds); seed++) {
  const isThere = (line: Line) => line.seed === seed && JSON.stringify(line.settings) === key;
  if ((await linesOf<Line>(values.out)).some(isThere)) continue;
  const folder = `${work}/moving-${createHash("sha256").update(key).digest("hex").slice(0, 8)}-${seed}`;
  const threads = Number(values.threads);
  const choices: Choices = {
    ...{ data: train, method: "mae", encoder: "vit", preset: "small-videomae" },
    // Left and right are other classes.
    modalityOptions: { flip: 0, cropScale: [1, 1] },
    encoderOptions: JSON.parse(values.encoder),
    options: JSON.parse(values.options),
    training: { ...JSON.parse(values.training), epochs: settings.epochs, seed, ...(threads > 0 ? { threads } : {}) },
  };
  const { run, seconds } = await trained(choices, folder, existsSync(`${folder}/config.json`));
  const { scratch: steps } = settings;
  const accuracy: Record<string, number> = await frozen(run, seed);
  if (steps > 0)
    accuracy["from scratch"] = await trainAndJudge(
      { from: run.path, train, scratch: true, steps, training: { seed, ...(threads > 0 ? { threads } : {}) } },
      async (scratch) => (await judge({ run: scratch, data: test })).measures.accuracy ?? 0,
    );
  console.log(seed, accuracy);
  await addLine(values.out, {
    ...{ settings, seed, steps: run.step, seconds: Math.round(seconds), accuracy },
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
  } satisfies Line);
}

await data?.close();

/** Linear accuracy of frozen features by the name of their row; the mean frame's, which has no seed, with `--baseline`. */
async function frozen(run: Run, seed: number): Promise<Record<string, number>> {
  // Runs of all seeds read the clips alike: they are decoded once.
  data ??= await openTrainAndTest(run, { train, test });
  const rows = await extractorsOf(run, data.train, () => () => undefined);
  const accuracy: Record<string, number> = {};
  for (const { role, name, standardized, extract } of rows) {
    if (role === "baseline" && (!values.baseline || seed > 0)) continue;
    const [bank, queries] = [
      labelled(await extract(data.train), data.answers),
      labelled(await extract(data.test), data.answers),
    ];
    const probe = await linearProbe(bank, queries, data.classes.length, seed, { standardized });
    accuracy[name] = accuracyOf(probe.predictions, queries.labels);
  }
  return accuracy;
}
