/**
 * What methods about time learn from one set of recordings, series or clips, beside the same encoder untrained and the
 * baseline for such data: kNN (k = 20) and linear probe on frozen features.
 *
 *   node bench/time.ts --train ../shared/data/… --test … [--methods ts2vec,frame-order] [--minutes 2 | --epochs 10]
 *       [--seeds 0,1,2] [--encoder vit] [--preset small] [--batch 32] [--labels 100 --draws 3] [--threads 1] [--out bench/work/time]
 *
 * Minutes are of each pre-training, by default with the method's preset `small`. A line a method and seed on the standard output, as JSON.
 */
import { rm } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { evaluate } from "../src/evaluation/worth/evaluate.ts";
import { epochsIn, root, secondsPerStep, trained } from "./methods/shared.ts";

const { values } = parseArgs({
  options: {
    train: { type: "string" },
    test: { type: "string" },
    methods: { type: "string", default: "ts2vec,ts-tcc,transformation,arrow-of-time,playback-speed,frame-order" },
    minutes: { type: "string", default: "2" },
    epochs: { type: "string" },
    seeds: { type: "string", default: "0" },
    encoder: { type: "string" },
    preset: { type: "string", default: "small" },
    batch: { type: "string" },
    labels: { type: "string" },
    draws: { type: "string", default: "3" },
    threads: { type: "string", default: "1" },
    out: { type: "string", default: `${root}/bench/work/time` },
  },
});
const { train, test, encoder, out } = values;
if (!train || !test) {
  console.error("name the data: --train <path> --test <path>");
  process.exit(2);
}

for (const name of values.methods.split(","))
  for (const seed of values.seeds.split(",").map(Number)) {
    const folder = `${out}/${name}-${seed}`;
    await rm(folder, { recursive: true, force: true });
    const training = {
      seed,
      threads: Number(values.threads),
      workers: 0,
      ...(values.batch ? { batchSize: Number(values.batch) } : {}),
    };
    const choices = { data: train, method: name, preset: values.preset, ...(encoder ? { encoder } : {}), training };
    const epochs = values.epochs
      ? Number(values.epochs)
      : epochsIn(Number(values.minutes), await secondsPerStep(choices, `${folder}-calibration`));
    const { run, seconds } = await trained({ ...choices, training: { ...training, epochs } }, folder, false);
    const few = values.labels ? { labelCount: Number(values.labels), draws: Number(values.draws) } : {};
    const { contestants, chance } = await evaluate({ run, train, test, seed, scratch: false, ...few });
    const rows = await run.metrics();
    const scores = contestants.map(({ name: who, knn20, linear }) => [
      who,
      { knn20: percent(knn20?.mean), linear: percent(linear?.mean), deviation: percent(linear?.deviation) },
    ]);
    console.log(
      JSON.stringify({
        ...{
          method: name,
          encoder: run.config.encoder.name,
          seed,
          epochs,
          steps: run.step,
          seconds: Math.round(seconds),
        },
        ...{ accuracy: rows.at(-1)?.accuracy, chance: percent(chance), scores: Object.fromEntries(scores) },
        ...{ data: train, machine: `${cpus()[0]?.model}, ${cpus().length} cores` },
      }),
    );
  }

function percent(share: number | undefined): number | undefined {
  return share === undefined ? undefined : Math.round(share * 1000) / 10;
}
