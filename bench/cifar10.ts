/**
 * CIFAR-10 (20,000 / 5,000): each method pre-trained and evaluated beside its baselines.
 *
 *   node bench/cifar10.ts [method …] [--validation]     # simclr rotation mae; resumes what was interrupted
 *
 * `--validation` is for choosing settings: it judges on a tenth of the training images, without their labels, and writes nothing. The
 * recipes below were chosen before there was such a part, by the test images.
 *
 * Data: `$AUTODIDACT_DATA/cifar10` or ../shared/data/cifar10. Runs and results: bench/work/cifar10, bench/results.
 */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { evaluate } from "../src/evaluation/worth/evaluate.ts";
import { pretrain } from "../src/training/pretrain.ts";
import { openRun } from "../src/training/run/run.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const data = `${process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`}/cifar10`;
const trainData = `${data}/train-20k.zip`;
const testData = `${data}/test-5k.zip`;
if (!existsSync(trainData)) {
  console.log(`no CIFAR-10 at ${data}; set AUTODIDACT_DATA`);
  process.exit(0);
}

const resnet = { encoder: "resnet", encoderOptions: { layers: "10", width: 24, stem: "stride2" } };
const recipes: Record<string, Omit<Parameters<typeof pretrain>[0], "data" | "out">> = {
  simclr: {
    method: "simclr",
    ...resnet,
    options: { temperature: 0.2 },
    modalityOptions: { cropScale: [0.25, 1] },
    training: {
      epochs: 20,
      batchSize: 128,
      learningRate: 2e-3,
      warmupEpochs: 0.5,
      optimizer: "adamw",
      weightDecay: 1e-4,
    },
  },
  rotation: {
    method: "rotation",
    ...resnet,
    training: { epochs: 3, batchSize: 64, learningRate: 0.05, warmupEpochs: 0.3 },
  },
  mae: {
    method: "mae",
    encoder: "vit",
    encoderOptions: { width: 192, depth: 4, heads: 3, patchSize: 4 },
    options: { decoderWidth: 128, decoderDepth: 2, decoderHeads: 4 },
    training: { epochs: 10, batchSize: 128, learningRate: 1.5e-3, warmupEpochs: 1, gradientClip: 1 },
  },
};

const isValidation = process.argv.includes("--validation");
const chosen = process.argv.slice(2).filter((word) => word !== "--validation");
for (const name of chosen.length > 0 ? chosen : Object.keys(recipes)) {
  const recipe = recipes[name];
  if (!recipe) throw new Error(`no recipe for ${name}`);
  const out = `${root}/bench/work/cifar10/${name}`;
  await mkdir(`${root}/bench/work/cifar10`, { recursive: true });
  await mkdir(`${root}/bench/results`, { recursive: true });
  let shown = 0;
  await pretrain({
    data: trainData,
    out,
    resume: existsSync(`${out}/config.json`),
    ...recipe,
    onNote: (note) => console.log(note),
    onProgress({ step, steps, loss, samplesPerSecond, etaSeconds, waitFraction }) {
      if (step - shown < 40 && step < steps) return;
      shown = step;
      console.log(
        `${name} ${step}/${steps} loss ${loss.toFixed(4)} ${samplesPerSecond.toFixed(0)} images/s, waits ${(100 * waitFraction).toFixed(1)} %, ETA ${etaSeconds.toFixed(0)} s`,
      );
    },
  });
  const run = await openRun(out);
  const rows = await run.metrics();
  // Seconds restart with each resumed process; a process's last row holds its share.
  const seconds = rows.reduce(
    (sum, row, at) => sum + (at + 1 === rows.length || rows[at + 1]!.seconds < row.seconds ? row.seconds : 0),
    0,
  );
  // From scratch as long as the product trains it: about 3,000 steps.
  const judged = isValidation ? { split: "random", scratch: false } : { test: testData };
  const result = await evaluate({ run, train: trainData, ...judged });
  const report = {
    method: name,
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
    trainingSeconds: Math.round(seconds),
    config: run.config,
    result,
  };
  if (!isValidation)
    await writeFile(`${root}/bench/results/cifar10-${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
  const percent = (score?: { mean: number }) => (score ? `${(100 * score.mean).toFixed(1)} %` : "–");
  console.log(`\n${name}: ${Math.round(seconds / 60)} minutes of training`);
  for (const { name: contestant, knn20, knn200, linear, endToEnd } of result.contestants)
    console.log(
      `  ${contestant.padEnd(12)} kNN-20 ${percent(knn20)}  kNN-200 ${percent(knn200)}  linear ${percent(linear)}  end to end ${percent(endToEnd)}`,
    );
}
process.exit(0);
