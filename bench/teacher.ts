/**
 * What a teacher in an ONNX file is worth: a run is exported, and a small encoder learns from the file alone, of samples and of
 * samples and patches, on the same images without labels. Both students are evaluated beside their own untrained encoder and
 * one from scratch.
 *
 *   node bench/teacher.ts <run> [train test] [--epochs 20] [--labels 500]
 *
 * Data: `$AUTODIDACT_DATA/cifar10` or ../shared/data/cifar10, or two labelled folders. Runs: bench/work/teacher; results:
 * bench/results/teacher.json, one entry a run.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { distillRun, type Evaluation, evaluate, evaluationTable, exportRun, openRun } from "../src/index.ts";
import { benchArguments } from "./arguments.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const cifar = `${process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`}/cifar10`;
const usage = "node bench/teacher.ts <run> [train test] [--epochs 20] [--labels 500] [--width 8]";
const { words, count } = benchArguments(usage, [], ["epochs", "labels", "width"]);
const [path, train = `${cifar}/train-20k.zip`, test = `${cifar}/test-5k.zip`] = words;
if (path === undefined || !existsSync(train) || !existsSync(test)) {
  console.log(path === undefined ? "name a run folder" : `no data at ${train} and ${test}; set AUTODIDACT_DATA`);
  process.exit(0);
}

const run = await openRun(path);
const work = join(root, "bench", "work", "teacher", basename(resolve(path)));
await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });
await exportRun({ run, out: join(work, "model") });
const teacher = join(work, "model", "onnx", "model.onnx");
const labelCount = count("labels") ?? 500;

const results: Record<string, Evaluation> = {};
const judge = async (name: string, judged: typeof run) => {
  results[name] = await evaluate({ run: judged, train, test, labelCount });
  console.log(`\n${name}\n${evaluationTable(results[name])}\n`);
};
await judge("teacher", run);
for (const features of ["global", "both"] as const) {
  const student = await distillRun({
    ...{ teacher, data: train, out: join(work, features), into: `resnet-10:stem=small,width=${count("width") ?? 8}` },
    ...{ preset: "small", options: { features }, training: { epochs: count("epochs") ?? 20 } },
    onNote: (note) => console.log(note),
  });
  await judge(`student, features ${features}`, student.run);
}

const file = join(root, "bench", "results", "teacher.json");
await mkdir(join(root, "bench", "results"), { recursive: true });
const before = existsSync(file) ? JSON.parse(await readFile(file, "utf8")) : {};
await writeFile(file, `${JSON.stringify({ ...before, [basename(resolve(path))]: results }, null, 2)}\n`);
