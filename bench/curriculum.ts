/**
 * What a curriculum changes: one method with its fixed setting and with curricula, the same CPU minutes for each, on CIFAR-10
 * (20,000 / 5,000). Epochs are fitted to the minutes by the mean of a step's time at both ends of the curriculum.
 *
 *   node bench/curriculum.ts [--method mae] [--minutes 8] [--seeds 2] [maskRatio=0.3:0.75@cosine …]
 *
 * A line each in bench/results/curriculum.jsonl; what is there is not done again.
 */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { methods } from "../src/methods/index.ts";
import {
  addLine,
  type Choices,
  epochsIn,
  linesOf,
  root,
  secondsPerStep,
  trained,
  type Worth,
  worthOf,
} from "./methods/shared.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    method: { type: "string", default: "mae" },
    minutes: { type: "string", default: "8" },
    seeds: { type: "string", default: "2" },
  },
});
const { method } = values;
const minutes = Number(values.minutes);
const results = `${root}/bench/results/curriculum.jsonl`;
const work = `${root}/bench/work/curriculum`;

interface Line extends Worth {
  readonly method: string;
  readonly curriculum: string;
  readonly seed: number;
  /** Lines of before 30 November 2026 have minutes by the clock instead, and count as not done. */
  readonly cpuMinutes: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly machine: string;
}

const { presets } = await methods.load(method);
// MAE's narrow ViT of bench/cifar10, as long as a method has no preset of its own.
const narrow: Choices = {
  encoder: "vit",
  encoderOptions: { width: 192, depth: 4, heads: 3 },
  training: { batchSize: 128 },
};
const base: Choices = { method, ...(presets?.small ? { preset: "small" } : narrow) };

for (const curriculum of [
  "fixed",
  ...(positionals.length > 0 ? positionals : ["maskRatio=0.3:0.75@cosine", "maskRatio=0.3:0.75@competence"]),
])
  for (let seed = 0; seed < Number(values.seeds); seed++) {
    const isThere = (line: Line) =>
      line.method === method && line.curriculum === curriculum && line.seed === seed && line.cpuMinutes === minutes;
    if ((await linesOf<Line>(results)).some(isThere)) continue;
    const folder = `${work}/${method}-${curriculum.replaceAll(/[^\w.-]/g, "_")}-${seed}-${minutes}cpu`;
    const choices: Choices = { ...base, training: { ...base.training, seed } };
    const resume = existsSync(`${folder}/config.json`);
    const last = await secondsPerStep(choices, `${work}/calibration`);
    let { seconds } = last;
    if (curriculum !== "fixed") {
      // A run that ends where this one begins: its options are the first stage's.
      const [option = "", rest = ""] = curriculum.split("=");
      const start = rest.split(":")[0];
      const first = await secondsPerStep(
        { ...choices, curriculum: [`${option}=${start}:${start}@step`] },
        `${work}/calibration`,
      );
      seconds = (last.seconds + first.seconds) / 2;
    }
    const epochs = resume ? 0 : epochsIn(minutes, { ...last, seconds });
    const { run, seconds: took } = await trained(
      {
        ...choices,
        ...(curriculum === "fixed" ? {} : { curriculum: [curriculum] }),
        training: { ...choices.training, epochs },
      },
      folder,
      resume,
    );
    const worth = await worthOf(run.encoder, run.params, run.modality, seed);
    const line: Line = {
      ...{
        method,
        curriculum,
        seed,
        cpuMinutes: minutes,
        epochs: run.config.training.epochs,
        seconds: Math.round(took),
      },
      machine: `${cpus().length} × ${cpus()[0]?.model}`,
      ...worth,
    };
    await addLine(results, line);
    console.log(
      `${method} ${curriculum}, seed ${seed}: linear ${(100 * worth.linear).toFixed(1)} %, kNN ${(100 * worth.knn20).toFixed(1)} %`,
    );
  }
process.exit(0);
