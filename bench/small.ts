/**
 * Small and fast models out of one run on CIFAR-10: int8 (dynamic and static), a distilled encoder of half the width, and
 * half the heads and hidden units, or of a ResNet half the channels within blocks, trained on.
 *
 *   node bench/small.ts <run> [train test]      # a run folder of bench/cifar10.ts or of your own
 *
 * Data: `$AUTODIDACT_DATA/cifar10` or ../shared/data/cifar10, or two labelled folders. Runs: bench/work/small; results:
 * bench/results/small.json, one entry a run.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { distillRun, openRun, pruneRun, quantizeRun, type ShippedWorth, shippedTable } from "../src/index.ts";
import { benchArguments } from "./arguments.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const cifar = `${process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`}/cifar10`;
const { words, has } = benchArguments("node bench/small.ts <run> [train test] [--short]", ["short"]);
const [path, train = `${cifar}/train-20k.zip`, test = `${cifar}/test-5k.zip`] = words;
if (path === undefined || !existsSync(train) || !existsSync(test)) {
  console.log(path === undefined ? "name a run folder" : `no data at ${train} and ${test}; set AUTODIDACT_DATA`);
  process.exit(0);
}
/** Of distillation and of recovery; `--short` is for trying the script out. */
const EPOCHS = has("short") ? { distill: 1, recover: 1 } : { distill: 20, recover: 5 };

const run = await openRun(path);
const work = `${root}/bench/work/small/${basename(resolve(path))}`;
await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });
const labels = { train, test };
let shown = performance.now();
const common = {
  labels,
  onNote: (note: string) => console.log(note),
  onStep: ({ step, steps, loss }: { step: number; steps: number; loss: number }) => {
    if (performance.now() - shown < 30_000 && step < steps) return;
    shown = performance.now();
    console.log(`${step}/${steps} loss ${loss.toFixed(4)}`);
  },
};

const sections: Record<string, readonly ShippedWorth[]> = {};
const show = (name: string, models: readonly ShippedWorth[]) => {
  sections[name] = models;
  console.log(`\n${name}\n${shippedTable(models)}\n`);
};

show("int8, scales found in every call", (await quantizeRun({ run, out: `${work}/dynamic`, labels })).models);
for (const percentile of [100, 99.99])
  show(
    `int8, calibrated, percentile ${percentile}`,
    (await quantizeRun({ run, out: `${work}/static-${percentile}`, labels, calibration: { data: train, percentile } }))
      .models,
  );

const { encoder } = run.config;
const half = {
  ...encoder.options,
  width: run.encoder.name === "vit" ? run.encoder.embedDim / 2 : Number(encoder.options.width) / 2,
};
const into = `${encoder.name}:${Object.entries(half)
  .flatMap(([key, value]) => (key === "size" || value === undefined ? [] : [`${key}=${String(value)}`]))
  .join(",")}`;
const distilled = await distillRun({
  ...common,
  teacher: path,
  data: train,
  into,
  out: `${work}/distilled`,
  preset: "small",
  training: { epochs: EPOCHS.distill },
});
show(`distilled into ${into}, ${EPOCHS.distill} epochs`, distilled.models);

for (const importance of ["taylor", "magnitude"] as const) {
  const pruned = await pruneRun({
    ...common,
    run,
    keep: 0.5,
    importance,
    data: train,
    recoverEpochs: EPOCHS.recover,
    out: `${work}/pruned-${importance}`,
  });
  show(`half of what is within blocks by ${importance}, ${EPOCHS.recover} epochs of recovery`, pruned.models);
}

const file = `${root}/bench/results/small.json`;
const before = await readFile(file, "utf8").then(
  (text): Record<string, unknown> => JSON.parse(text),
  () => ({}),
);
const machine = `${cpus().length} × ${cpus()[0]?.model}`;
const entry = {
  method: run.config.method.name,
  encoder,
  step: run.step,
  seed: run.config.training.seed,
  machine,
  epochs: EPOCHS,
  sections,
};
if (!has("short"))
  await writeFile(file, `${JSON.stringify({ ...before, [basename(resolve(path))]: entry }, null, 2)}\n`);
process.exit(0);
