/**
 * Whether the methods made for speech learn within minutes: spoken digits (FSDD,
 * https://github.com/Jakobovski/free-spoken-digit-dataset), a narrow encoder, batches of 64, one thread; then kNN-20 and a
 * linear probe on frozen features, beside those of the same encoder before its first step; mean and deviation over training seeds.
 *
 *   node bench/speech.ts [methods …] [--epochs 4] [--seeds 0,1,2] [--validation] [--data folder]
 *
 * `--validation` judges on recordings 5 to 9 of each digit and speaker, for choosing settings; the test part, 0 to 4, is for the table
 * alone. A line a method and seed in bench/results/speech.jsonl, with `--validation` nowhere. Data: FSDD in `$AUTODIDACT_DATA`, or a
 * folder with `train`, `validation` and `test`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { openLabelled } from "../src/evaluation/labels/judge.ts";
import { accuracyOf } from "../src/evaluation/scores/metrics.ts";
import { knnPredict, type LabelledVectors } from "../src/evaluation/vectors/knn.ts";
import { linearProbe } from "../src/evaluation/vectors/probe.ts";
import { extractFeatures } from "../src/training/features.ts";
import { pretrain } from "../src/training/pretrain.ts";
import type { Run } from "../src/training/run/run.ts";
import { untrainedParams } from "../src/training/untrained.ts";
import { sets, unpacked } from "./audio/sets.ts";
import { addLine, cpuSeconds, linesOf, root } from "./methods/shared.ts";
import { meanOf } from "./series/machine.ts";

const narrow = { width: 96, depth: 3, heads: 4 };
const wave = { ...narrow, convWidth: 32, kernels: [10, 3, 3, 3, 3, 2], strides: [5, 2, 2, 2, 2, 2] };
/** Each row of the table: its method, if it is not of that name, and encoder. */
const settings: Readonly<Record<string, Partial<Parameters<typeof pretrain>[0]>>> = {
  cpc: { encoder: "wave", encoderOptions: { ...wave, causal: true } },
  wav2vec2: { encoder: "wave", encoderOptions: wave },
  hubert: { encoder: "wave", encoderOptions: wave, options: { inputEpochs: 4 } },
  "best-rq": { encoder: "wave", encoderOptions: wave },
  "best-rq-spectrogram": { method: "best-rq", encoder: "vit", encoderOptions: { ...narrow, patchSize: [64, 4] } },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string" },
    epochs: { type: "string", default: "4" },
    seeds: { type: "string", default: "0" },
    validation: { type: "boolean", default: false },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(settings);
const unknown = names.find((name) => !(name in settings));
if (unknown !== undefined) {
  console.error(`no settings for ${unknown}: ${Object.keys(settings).join(", ")}`);
  process.exit(2);
}
const fsdd = sets.find(({ name }) => name === "fsdd");
const data = values.data ?? (fsdd && dirname((await unpacked(fsdd))?.train ?? process.exit(0)));
if (data === undefined) throw new Error("FSDD is not among the sets of sounds");
const judged = values.validation ? "validation" : "test";
const results = `${root}/bench/results/speech.jsonl`;

interface Line {
  readonly method: string;
  readonly encoder: string;
  readonly seed: number;
  readonly epochs: number;
  readonly steps: number;
  readonly cpuMinutes: number;
  /** Accuracies in [0, 1] on the test part. */
  readonly before: Accuracies;
  readonly after: Accuracies;
}

interface Accuracies {
  readonly knn: number;
  readonly linear: number;
}

console.log(`${cpus()[0]?.model.trim()}, one thread; ${values.epochs} epochs; judged on the ${judged} part`);
console.log(
  "| method | encoder | steps | CPU minutes | kNN-20, untrained | kNN-20 | linear, untrained | linear | seeds |",
);
console.log("|---|---|---|---|---|---|---|---|---|");
const epochs = Number(values.epochs);
for (const name of names) {
  const lines: Line[] = [];
  for (const seed of values.seeds.split(",").map(Number)) {
    const isThere = (line: Line) => line.method === name && line.seed === seed && line.epochs === epochs;
    const found = values.validation ? undefined : (await linesOf<Line>(results)).find(isThere);
    const line = found ?? (await measured(name, seed, data));
    if (!found && !values.validation) await addLine(results, line);
    lines.push(line);
  }
  const over = (of: (line: Line) => number) => meanOf(lines.map((line) => 100 * of(line)));
  const row = [
    ...[`\`${name}\``, lines[0]?.encoder, lines[0]?.steps, meanOf(lines.map(({ cpuMinutes }) => cpuMinutes))],
    ...[over(({ before }) => before.knn), over(({ after }) => after.knn)],
    ...[over(({ before }) => before.linear), over(({ after }) => after.linear), lines.length],
  ];
  console.log(`| ${row.join(" | ")} |`);
}

async function measured(method: string, seed: number, from: string): Promise<Line> {
  const folder = await mkdtemp(join(tmpdir(), "autodidact-speech-"));
  const begun = cpuSeconds();
  const run = await pretrain({
    ...{ data: join(from, "train"), out: join(folder, "run"), method, preset: "small", ...settings[method] },
    modalityOptions: { rate: 8000, window: 0.64 },
    training: { epochs, batchSize: 64, seed, threads: 1, workers: 1 },
  });
  const cpuMinutes = (cpuSeconds() - begun) / 60;
  const [before, after] = await worthOf(run, from, seed);
  await rm(folder, { recursive: true });
  return { method, encoder: run.encoder.name, seed, epochs, steps: run.step, cpuMinutes, before, after };
}

/** Accuracies of the untrained encoder and of the run's. */
async function worthOf(run: Run, folder: string, seed: number): Promise<readonly [Accuracies, Accuracies]> {
  const [train, test] = await Promise.all(["train", judged].map((part) => openLabelled(run, join(folder, part), {})));
  if (!train || !test) throw new Error("two sources were opened");
  const untrained = await untrainedParams(run.config, train, seed + 1);
  const of = async (params: Run["params"]): Promise<Accuracies> => {
    const [known, asked] = await Promise.all(
      [train, test].map(async (source): Promise<LabelledVectors> => {
        const { labels, ...vectors } = await extractFeatures({ ...run, params, source });
        if (!labels) throw new Error("no labels");
        return { ...vectors, labels };
      }),
    );
    if (!known || !asked) throw new Error("two sets of features were made");
    const [near = new Int32Array()] = await knnPredict(known, asked, 10, [20]);
    const { predictions } = await linearProbe(known, asked, 10, seed);
    return { knn: accuracyOf(near, asked.labels), linear: accuracyOf(predictions, asked.labels) };
  };
  const both = [await of(untrained), await of(run.params)] as const;
  await Promise.all([train.close(), test.close()]);
  return both;
}
