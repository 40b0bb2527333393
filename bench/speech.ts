/**
 * Whether the methods made for speech learn within minutes: spoken digits (FSDD,
 * https://github.com/Jakobovski/free-spoken-digit-dataset), a narrow encoder, batches of 64, one thread; then kNN-20 and a
 * linear probe on frozen features, beside those of the same encoder before its first step.
 * `node bench/speech.ts --data folder [methods …]`; the folder has `train` and `test`, with a folder for each digit.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openLabelled } from "../src/evaluation/labels/judge.ts";
import { accuracyOf } from "../src/evaluation/scores/metrics.ts";
import { knnPredict, type LabelledVectors } from "../src/evaluation/vectors/knn.ts";
import { linearProbe } from "../src/evaluation/vectors/probe.ts";
import { extractFeatures } from "../src/training/features.ts";
import { pretrain } from "../src/training/pretrain.ts";
import type { Run } from "../src/training/run/run.ts";
import { untrainedParams } from "../src/training/untrained.ts";

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
    seed: { type: "string", default: "0" },
  },
});
const { data } = values;
const names = positionals.length > 0 ? positionals : Object.keys(settings);
const unknown = names.find((name) => !(name in settings));
if (data === undefined || unknown !== undefined) {
  console.error(
    unknown === undefined
      ? "usage: node bench/speech.ts --data folder [--epochs 4] [--seed 0] [methods …]; the folder has train and test"
      : `no settings for ${unknown}: ${Object.keys(settings).join(", ")}`,
  );
  process.exit(2);
}

console.log(`${cpus()[0]?.model.trim()}, one thread; ${values.epochs} epochs, seed ${values.seed}`);
console.log("| method | encoder | steps | minutes | kNN-20, untrained | kNN-20 | linear, untrained | linear |");
console.log("|---|---|---|---|---|---|---|---|");
for (const name of names) {
  const folder = await mkdtemp(join(tmpdir(), "autodidact-speech-"));
  const begun = performance.now();
  const run = await pretrain({
    ...{ data: join(data, "train"), out: join(folder, "run"), method: name, preset: "small", ...settings[name] },
    modalityOptions: { rate: 8000, window: 0.64 },
    training: { epochs: Number(values.epochs), batchSize: 64, seed: Number(values.seed), threads: 1, workers: 1 },
  });
  const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
  const [before, after] = await worthOf(run, data, Number(values.seed));
  const row = [`\`${name}\``, run.encoder.name, run.step, minutes, before.knn, after.knn, before.linear, after.linear];
  console.log(`| ${row.join(" | ")} |`);
  await rm(folder, { recursive: true });
}

/** Accuracies in %, of the untrained encoder and of the run's. */
async function worthOf(run: Run, folder: string, seed: number) {
  const [train, test] = await Promise.all(["train", "test"].map((part) => openLabelled(run, join(folder, part), {})));
  if (!train || !test) throw new Error("two sources were opened");
  const untrained = await untrainedParams(run.config, train, seed + 1);
  const of = async (params: Run["params"]) => {
    const [known, asked] = await Promise.all(
      [train, test].map(async (source): Promise<LabelledVectors> => {
        const { labels, ...vectors } = await extractFeatures({ ...run, params, source });
        if (!labels) throw new Error("no labels");
        return { ...vectors, labels };
      }),
    );
    if (!known || !asked) throw new Error("two sets of features were made");
    const percent = (predictions: Int32Array) => (100 * accuracyOf(predictions, asked.labels)).toFixed(1);
    const [near = new Int32Array()] = await knnPredict(known, asked, 10, [20]);
    const { predictions } = await linearProbe(known, asked, 10, seed);
    return { knn: percent(near), linear: percent(predictions) };
  };
  const both = [await of(untrained), await of(run.params)] as const;
  await Promise.all([train.close(), test.close()]);
  return both;
}
