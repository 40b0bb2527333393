/**
 * Moving Fashion-MNIST, made here: garments that move in one of four directions, 16 frames of 32 × 32, a class of garment
 * and direction (40). VideoMAE (tubes of 90 %) for so many minutes on the training clips without their labels, then
 * a linear probe on frozen features beside the same encoder untrained, the mean frame with the mean change, and the
 * same encoder trained from scratch on the labels.
 *
 *   node bench/video/moving.ts [--minutes 10] [--seeds 3] [--clips 6000] [--test 2000] [--preset small-videomae] [--threads 0] [--scratch]
 *
 * Writes bench/results/moving.jsonl, a line for each seed; what is there is not done again.
 * Data: `$AUTODIDACT_DATA/fashion-mnist` or ../shared/data/fashion-mnist.
 */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { evaluate, evaluationTable } from "../../src/index.ts";
import { addLine, type Choices, epochsIn, linesOf, root, secondsPerStep, trained } from "../methods/shared.ts";
import { movingGarments, work } from "./clips.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seeds: { type: "string", default: "3" },
    clips: { type: "string", default: "6000" },
    test: { type: "string", default: "2000" },
    preset: { type: "string", default: "small-videomae" },
    threads: { type: "string", default: "0" },
    scratch: { type: "boolean", default: false },
    out: { type: "string", default: `${root}/bench/results/moving.jsonl` },
  },
});
const minutes = Number(values.minutes);

interface Line {
  readonly preset: string;
  readonly seed: number;
  readonly minutes: number;
  readonly clips: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly machine: string;
  /** Linear accuracy by the name of the row. */
  readonly linear: Readonly<Record<string, number>>;
}

const train = await movingGarments("train", Number(values.clips));
const test = await movingGarments("test", Number(values.test));
for (let seed = 0; seed < Number(values.seeds); seed++) {
  const isThere = (line: Line) =>
    line.preset === values.preset &&
    line.seed === seed &&
    line.minutes === minutes &&
    line.clips === Number(values.clips);
  if ((await linesOf<Line>(values.out)).some(isThere)) continue;
  const folder = `${work}/moving-${values.preset}-${seed}-${minutes}min`;
  const threads = Number(values.threads);
  const choices: Choices = {
    ...{ data: train, method: "mae", encoder: "vit", preset: values.preset },
    // Left and right are other classes.
    modalityOptions: { flip: 0, cropScale: [0.7, 1] },
    training: { seed, ...(threads > 0 ? { threads } : {}) },
  };
  const resume = existsSync(`${folder}/config.json`);
  const epochs = resume ? 0 : epochsIn(minutes, await secondsPerStep(choices, `${work}/calibration`));
  const { run, seconds } = await trained({ ...choices, training: { ...choices.training, epochs } }, folder, resume);
  const evaluation = await evaluate({ run, train, test, seed, scratch: values.scratch });
  console.log(evaluationTable(evaluation));
  await addLine(values.out, {
    ...{ preset: values.preset, seed, minutes, clips: Number(values.clips) },
    ...{
      epochs: run.config.training.epochs,
      seconds: Math.round(seconds),
      machine: `${cpus().length} × ${cpus()[0]?.model}`,
    },
    linear: Object.fromEntries(evaluation.contestants.map(({ name, linear }) => [name, linear?.mean ?? 0])),
  } satisfies Line);
}
