/**
 * What pre-training saves in labels: `autodidact report` on CIFAR-10 (20,000 / 5,000), for a run of bench/methods, or on
 * AG-News (6,000 / 1,600), for a BERT of width 192 that learned from the 6,000 texts without their labels.
 *
 *   npm run bench:methods -- simclr
 *   npm run bench:label-efficiency -- --choose [--labels 200,1000] …     # how to train from scratch, by a validation part
 *   npm run bench:label-efficiency -- [RUN] [--on cifar10] [--shares 1,2,5,10] [--draws 3] [--steps N]
 *   npm run bench:label-efficiency -- --on ag-news [--epochs 8] …        # pre-trains the run where none is named
 *
 * `--choose` trains from scratch in every way of bench/methods/scratch.ts on labels of nine tenths of the training data and judges on
 * the last tenth; lines in bench/results/scratch.jsonl. The best way is taken for the report.
 *
 * The page goes to bench/work/label-efficiency, its numbers to bench/results/label-efficiency.json, its curves to
 * docs/images; what is finished is not done again. Data: `$AUTODIDACT_DATA` or ../shared/data.
 */
import { existsSync } from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { labelEfficiency, labelTable, openRun, savingSummary } from "../src/index.ts";
import { chooseScratch, chosenScratch } from "./methods/scratch.ts";
import { root, testData, trainData, trained } from "./methods/shared.ts";
import { textSets } from "./text-sets.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    on: { type: "string", default: "cifar10" },
    epochs: { type: "string", default: "8" },
    shares: { type: "string", default: "1,2,5,10" },
    draws: { type: "string", default: "3" },
    steps: { type: "string" },
    choose: { type: "boolean", default: false },
    labels: { type: "string" },
  },
});
const { on } = values;
const [path] = positionals;
const data = dirname(dirname(trainData));

async function images() {
  const run = await openRun(path ?? join(root, "bench/work/methods/simclr-0-8cpu"));
  return { run, train: trainData, test: testData };
}

async function news() {
  const work = join(root, "bench/work/label-efficiency-ag-news");
  const set = (await textSets(data, work)).find(({ name }) => name === "ag-news");
  if (!set) throw new Error("there is no AG-News");
  const { train, test, column, labelColumn } = set;
  const folder = path ?? join(work, "run");
  const choices = {
    ...{ data: train, column, method: "bert", modality: "text", encoder: "transformer" },
    encoderOptions: { width: 192, depth: 3, heads: 3 },
    modalityOptions: { maxLength: 64, vocabularySize: 8192 },
    training: { batchSize: 64, learningRate: 1e-3, gradientClip: 1, epochs: Number(values.epochs), warmupEpochs: 0.5 },
  };
  const { run } =
    path === undefined
      ? await trained(choices, folder, existsSync(join(folder, "config.json")))
      : { run: await openRun(folder) };
  return { run, train, test, column, labelColumn };
}

if (on !== "cifar10" && on !== "ag-news") {
  console.error(`--on ${on}: cifar10 or ag-news`);
  process.exit(2);
}
const name = on === "cifar10" ? "label-efficiency" : `label-efficiency-${on}`;
const out = join(root, "bench/work", name, "report");
const set = await (on === "cifar10" ? images() : news());
if (values.choose) {
  const counts = (values.labels ?? (on === "cifar10" ? "200,1000" : "60,600")).split(",").map(Number);
  await chooseScratch(on, set, counts, Number(values.draws));
  process.exit();
}
const fromScratch = await chosenScratch(on);
console.error(`from scratch: ${JSON.stringify(fromScratch ?? "as the product does; nothing was chosen")}`);
const report = await labelEfficiency({
  ...set,
  ...(fromScratch ? { fromScratch } : {}),
  ...{ out, draws: Number(values.draws) },
  shares: values.shares.split(",").map(Number),
  ...(values.steps === undefined ? {} : { steps: Number(values.steps) }),
  onNote: console.error,
});
if (report) {
  console.log(`${labelTable(report)}\n${savingSummary(report)}`);
  const text = await readFile(join(out, "report.json"), "utf8");
  // Where things lie on this machine is nobody's business.
  const bare = [data, resolve(root)].reduce((all, folder) => all.replaceAll(`${folder}/`, ""), text);
  await writeFile(join(root, `bench/results/${name}.json`), bare);
  await copyFile(join(out, "scores.png"), join(root, `docs/images/${name}.png`));
}
process.exit();
