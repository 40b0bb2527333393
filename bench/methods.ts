/**
 * Every method on CIFAR-10 (20,000 / 5,000), the same CPU minutes of training for all, on one thread: preset `small`, the
 * encoder that the preset names, epochs fitted to the minutes after a short calibration on this machine. Frozen features: kNN
 * (k = 20), linear probe with all labels and with 1 % (five draws), beside the same encoders untrained.
 *
 *   node bench/methods.ts [method …] [--minutes 8] [--seeds 1] [--untrained-seeds 5]
 *   node bench/methods.ts --most-used --seeds 3      # the ten most used methods, three trainings each
 *   node bench/methods.ts dino --seed 0 --epochs 3   # one row again, with the epochs that it had
 *   node bench/methods.ts --table        # writes the table into docs/methods.md, trains nothing
 *   node bench/methods.ts simclr --validation --minutes 2 [--learning-rate 1e-3]
 *
 * A line a method and seed in bench/results/methods.jsonl; what is there is not done again, and a run that was
 * interrupted goes on. `--validation` is for choosing settings: it judges on a fifth of the training images, never on the test
 * images, and writes to bench/results/methods-validation.jsonl. Data: `$AUTODIDACT_DATA/cifar10` or ../shared/data/cifar10.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { methods } from "../src/methods/index.ts";
import { image } from "../src/modalities/image/index.ts";
import { buildParts } from "../src/training/run/run.ts";
import { settle } from "../src/training/run/settle.ts";
import { untrainedParams } from "../src/training/untrained.ts";
import { addLine, epochsIn, linesOf, root, secondsPerStep, trainData, trained, worthOf } from "./methods/shared.ts";
import { type Line, shapeOf, UNTRAINED, withTable } from "./methods/table.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "8" },
    seeds: { type: "string", default: "1" },
    "untrained-seeds": { type: "string", default: "5" },
    table: { type: "boolean", default: false },
    "most-used": { type: "boolean", default: false },
    validation: { type: "boolean", default: false },
    /** Instead of the preset's, with --validation. */
    "learning-rate": { type: "string" },
    /** One method and seed in this process. */
    seed: { type: "string" },
    /** Of that one; without it they are fitted to the minutes. */
    epochs: { type: "string" },
    /** Train it, and measure nothing: another method is built on it. */
    "train-only": { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const part = values.validation ? "validation" : "test";
const results = `${root}/bench/results/methods${values.validation ? "-validation" : ""}.jsonl`;
const learningRate = values["learning-rate"] === undefined ? undefined : Number(values["learning-rate"]);
if (learningRate !== undefined && !(values.validation && learningRate > 0)) {
  console.error("--learning-rate is a number above 0, for --validation: the table has the presets' own");
  process.exit(2);
}
const machine = `${cpus().length} × ${cpus()[0]?.model}`;

/** The configuration that a method's small preset comes to. */
async function configOf(method: string) {
  const source = await image.open(trainData);
  const { config } = await settle({ data: trainData, method, preset: "small" }, image, source);
  await source.close();
  return config;
}

const folderOf = (method: string, seed: number) =>
  `${root}/bench/work/methods/${method.replaceAll(/[^\w+.-]/g, "_")}-${seed}-${minutes}cpu${learningRate ? `-${learningRate}` : ""}`;

/** The run of a method: trained, or gone on with. */
async function runOf(method: string, seed: number) {
  const folder = folderOf(method, seed);
  const training = { seed, ...(learningRate ? { learningRate } : {}) };
  const choices = { method, preset: "small", training, options: tokenizerFor(method, seed) };
  const resume = existsSync(`${folder}/config.json`);
  const fitted = async () => epochsIn(minutes, await secondsPerStep(choices, `${folder}-calibration`));
  const epochs = resume ? 0 : values.epochs === undefined ? await fitted() : Number(values.epochs);
  return trained({ ...choices, training: { ...training, epochs } }, folder, resume);
}

/** BEiT's codes are of a run of its own: of the same seed, with as many minutes again. */
const TOKENIZER = "vq-autoencoder";
const tokenizerFor = (method: string, seed: number): { visualTokenizer?: string } =>
  method === "beit" ? { visualTokenizer: folderOf(TOKENIZER, seed) } : {};

/** In a process of its own, so that its peak memory is its own. */
function spawned(method: string, seed: number, ...more: string[]): boolean {
  const same = [
    ...(values.validation ? ["--validation"] : []),
    ...(learningRate ? ["--learning-rate", `${learningRate}`] : []),
  ];
  const own = [method, "--minutes", values.minutes, "--seed", String(seed)];
  const args = [fileURLToPath(import.meta.url), ...own, ...same, ...more];
  return spawnSync(process.execPath, args, { stdio: "inherit" }).status === 0;
}

async function one(method: string, seed: number): Promise<void> {
  const { run, seconds, cpuSeconds } = await runOf(method, seed);
  const peakMemoryMb = Math.round(process.resourceUsage().maxRSS / 1024);
  const { encoder, params, modality, config, methodDefinition } = run;
  const line: Line = {
    ...{ method, family: methodDefinition.family, seed, cpuMinutes: minutes, encoder: config.encoder },
    ...{ epochs: config.training.epochs, seconds: Math.round(seconds) },
    ...(cpuSeconds === undefined ? {} : { cpuSeconds: Math.round(cpuSeconds) }),
    ...(values.validation ? { learningRate: config.training.learningRate } : {}),
    imagesPerSecond: Math.round((run.step * config.training.batchSize) / (cpuSeconds ?? seconds)),
    ...{ peakMemoryMb, machine },
    ...(await worthOf(encoder, params, modality, seed, part)),
  };
  await addLine(results, line);
  console.log(
    `${method}, seed ${seed}: linear ${(100 * line.linear).toFixed(1)} %, kNN ${(100 * line.knn20).toFixed(1)} %`,
  );
}

async function untrained(config: Awaited<ReturnType<typeof configOf>>, seed: number): Promise<void> {
  const { encoder, modality } = await buildParts(config);
  const source = await image.open(trainData);
  const params = await untrainedParams(config, source, seed + 1);
  await source.close();
  const nothing = { epochs: 0, seconds: 0, imagesPerSecond: 0, peakMemoryMb: 0 };
  await addLine(results, {
    ...{ method: UNTRAINED, family: "", seed, encoder: config.encoder, ...nothing, machine },
    ...(await worthOf(encoder, params, modality, seed, part)),
  } satisfies Line);
}

/** The methods that the literature compares others with, those of the shortest steps first. */
const MOST_USED = [
  ...["simclr", "simsiam", "barlow-twins", "vicreg", "byol", "moco-v2", "swav", "dino", "mae", "moco-v3"],
] as const;

async function everything(): Promise<void> {
  if (!existsSync(trainData)) {
    console.log(`no CIFAR-10 at ${trainData}; set AUTODIDACT_DATA`);
    return;
  }
  const chosen = positionals.length > 0 ? positionals : values["most-used"] ? MOST_USED : methods.names;
  for (const method of chosen) {
    const { presets } = await methods.load(method);
    if (!presets?.small) {
      console.log(`${method}: no preset small; left out`);
      continue;
    }
    const config = await configOf(method).catch((error: unknown) => {
      console.log(`${method}: ${error instanceof Error ? error.message : error}; left out`);
    });
    if (!config) continue;
    const shape = shapeOf(config.encoder);
    for (let seed = 0; seed < Number(values["untrained-seeds"]); seed++) {
      const isThere = (line: Line) =>
        line.method === UNTRAINED && line.seed === seed && shapeOf(line.encoder) === shape;
      if (!(await linesOf<Line>(results)).some(isThere)) await untrained(config, seed);
    }
    for (let seed = 0; seed < Number(values.seeds); seed++) {
      const isThere = (line: Line) =>
        line.method === method &&
        line.seed === seed &&
        line.cpuMinutes === minutes &&
        (learningRate === undefined || line.learningRate === learningRate);
      if ((await linesOf<Line>(results)).some(isThere)) continue;
      console.log(`${method}, seed ${seed}: ${minutes} CPU minutes on ${shape}`);
      const isReady = method !== "beit" || spawned(TOKENIZER, seed, "--train-only");
      if (!isReady || !spawned(method, seed)) console.log(`${method}, seed ${seed}: failed; the others go on`);
    }
  }
}

if (values.table) {
  const page = `${root}/docs/methods.md`;
  await writeFile(page, withTable(await readFile(page, "utf8"), await linesOf<Line>(results)));
} else if (values.seed === undefined) await everything();
else if (values["train-only"]) await runOf(positionals[0] ?? "", Number(values.seed));
else await one(positionals[0] ?? "", Number(values.seed));
process.exit(process.exitCode ?? 0);
