/**
 * What is learned on one set, worth on another: Fashion-MNIST ↔ CIFAR-10 (both in grey, 32 × 32), each beside the same
 * encoder pre-trained on the target itself, and WikiText-2 → SST-2, CoLA and AG-News; all beside the same encoder untrained,
 * raw pixels or TF-IDF, and the same trained from scratch. What their own texts add: `npm run bench:text`.
 *
 *   npm run bench:transfer -- [--only image|text] [--minutes 5] [--seed 0] [--draws 3]
 *   npm run bench:transfer -- --dry      # a thimble of it, to see that it works: its figures mean nothing, none is kept
 *
 * Minutes are CPU minutes of each pre-training, on one thread: 5 of each set of images, by SimCLR's preset `small`, and 20 of WikiText-2, by a small
 * BERT with a vocabulary learned from it. On the target: kNN (k = 20) and linear probe with all labels and with 1 %, and
 * at 1 % fine-tuning against training from scratch, some draws each.
 *
 * A line a source and target in bench/results/transfer.jsonl; what is there is not done again, and a pre-training that was
 * interrupted goes on. Data: `$AUTODIDACT_DATA` or ../shared/data. Runs: bench/work/transfer.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { evaluate } from "../src/evaluation/worth/evaluate.ts";
import type { Contestant } from "../src/evaluation/worth/evaluation.ts";
import { contestantNames, type Role } from "../src/evaluation/worth/names.ts";
import { alignColumns } from "../src/evaluation/worth/table.ts";
import type { Run } from "../src/training/run/run.ts";
import { chosenScratch } from "./methods/scratch.ts";
import { addLine, type Choices, epochsIn, linesOf, root, secondsPerStep, trained } from "./methods/shared.ts";
import { imageTransferSets, type TransferSet, textTransferSets } from "./transfer/data.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    only: { type: "string" },
    seed: { type: "string", default: "0" },
    draws: { type: "string", default: "3" },
    dry: { type: "boolean", default: false },
  },
});
const { dry, only } = values;
const [seed, draws] = [Number(values.seed), dry ? 1 : Number(values.draws)];
const minutesOf = { image: Number(values.minutes ?? 5), text: Number(values.minutes ?? 20) };
const isWhole = (value: number, least: number) => Number.isInteger(value) && value >= least;
if (!(minutesOf.image > 0) || !isWhole(seed, 0) || !isWhole(draws, 1) || !["image", "text", undefined].includes(only)) {
  console.error("--minutes must be above 0, --seed and --draws whole numbers from 0 and 1, --only image or text");
  process.exit(2);
}
const work = `${root}/bench/work/transfer${dry ? "-dry" : ""}`;
const results = dry ? `${work}/transfer.jsonl` : `${root}/bench/results/transfer.jsonl`;
if (dry) await rm(work, { recursive: true, force: true });

interface Line {
  readonly kind: "image" | "text";
  readonly source: string;
  readonly target: string;
  readonly measure: TransferSet["measure"];
  readonly method: string;
  readonly seed: number;
  /** Lines of before 30 November 2026 have minutes by the clock instead, and count as not done. */
  readonly cpuMinutes: number;
  readonly encoder: unknown;
  /** Of pre-training. */
  readonly epochs: number;
  readonly seconds: number;
  readonly machine: string;
  /** Labels of the target, all and a hundredth. */
  readonly labels: number;
  readonly fewLabels: number;
  readonly draws: number;
  readonly chance: number;
  readonly all: readonly Contestant[];
  readonly few: readonly Contestant[];
}

const LENGTH = 64;
const kinds: Record<Line["kind"], { choices: Omit<Choices, "data"> & { readonly method: string }; pairs: Pairs }> = {
  image: {
    choices: {
      method: "simclr",
      preset: "small",
      modality: "image",
      modalityOptions: { channels: 1, imageSize: 32 },
      training: { seed },
    },
    pairs: (sets) => sets.map((source) => [source, sets]),
  },
  text: {
    choices: {
      method: "bert",
      modality: "text",
      encoder: "transformer",
      encoderOptions: { width: dry ? 48 : 192, depth: 3, heads: 3 },
      modalityOptions: { maxLength: LENGTH, vocabularySize: dry ? 512 : 8192, pack: true },
      training: { seed, batchSize: dry ? 8 : 64, learningRate: 1e-3, gradientClip: 1 },
    },
    pairs: ([corpus, ...sets]) => (corpus ? [[corpus, sets]] : []),
  },
};
type Pairs = (sets: readonly TransferSet[]) => (readonly [source: TransferSet, targets: readonly TransferSet[]])[];

/** Pre-trained on that set for so many minutes, or found where it was left. */
async function pretrained({ name, corpus, column }: TransferSet, kind: Line["kind"]) {
  const { choices } = kinds[kind];
  const minutes = minutesOf[kind];
  const folder = `${work}/${kind}-${name}-${choices.method}-${seed}-${minutes}cpu`;
  const own = { ...choices, data: corpus, ...(column === undefined ? {} : { column }) };
  const resume = existsSync(`${folder}/config.json`);
  const epochs = resume || dry ? 1 : epochsIn(minutes, await secondsPerStep(own, `${folder}-calibration`));
  // The learning rate rises for a tenth of so short a training at most.
  const warmupEpochs = Math.min(1, epochs / 10);
  return trained({ ...own, training: { ...own.training, epochs, warmupEpochs } }, folder, resume);
}

/** What the run's representation is worth on that set. */
async function judged(run: Run, kind: Line["kind"], source: TransferSet, target: TransferSet): Promise<Partial<Line>> {
  if (!target.labelled) throw new Error(`${target.name}: no labels`);
  const { column } = target;
  let stage = "";
  const onProgress = (name: string) => {
    if (name !== stage) console.error(`  ${name}`);
    stage = name;
  };
  const common = { run, ...target.labelled, column, seed, onProgress };
  const whole = await evaluate({ ...common, scratch: false });
  const labels = whole.train.labelled;
  const fewLabels = Math.max(dry ? 20 : 1, Math.round(labels / 100));
  // Chosen on validation parts of CIFAR-10 and of AG-News, by `npm run bench:label-efficiency -- --choose`.
  const fromScratch = await chosenScratch(kind === "image" ? "cifar10" : "ag-news");
  const few = await evaluate({
    ...common,
    ...{ labelCount: fewLabels, draws, finetune: true },
    // Of the target alone, whatever was learned before: once is enough.
    scratch: source === target || !source.labelled,
    ...(dry ? { finetuneSteps: 4, fromScratch: { steps: 4 } } : fromScratch ? { fromScratch } : {}),
  });
  const { chance } = whole;
  return { labels, fewLabels, draws, chance, all: whole.contestants, few: few.contestants };
}

const isDone = (line: Line, kind: Line["kind"], source: TransferSet, target: TransferSet) =>
  line.kind === kind &&
  line.source === source.name &&
  line.target === target.name &&
  line.method === kinds[kind].choices.method &&
  line.seed === seed &&
  line.cpuMinutes === minutesOf[kind];

async function everything(kind: Line["kind"], sets: readonly TransferSet[]): Promise<void> {
  for (const [source, targets] of kinds[kind].pairs(sets)) {
    const done = await linesOf<Line>(results);
    const left = targets.filter((target) => !done.some((line) => isDone(line, kind, source, target)));
    if (left.length === 0) continue;
    console.log(`${source.name}: pre-training, ${minutesOf[kind]} CPU minutes`);
    const { run, seconds } = await pretrained(source, kind);
    for (const target of left) {
      console.log(`${source.name} → ${target.name}`);
      await addLine(results, {
        ...{
          kind,
          source: source.name,
          target: target.name,
          measure: target.measure,
          seed,
          cpuMinutes: minutesOf[kind],
        },
        ...{ method: kinds[kind].choices.method, encoder: run.config.encoder },
        ...{ epochs: run.config.training.epochs, seconds: Math.round(seconds) },
        machine: `${cpus().length} × ${cpus()[0]?.model}`,
        ...(await judged(run, kind, source, target)),
      });
    }
  }
}

/** One target's lines: what was pre-trained where, and below it what is the same for all. */
function tableOf(lines: readonly Line[], target: string): string {
  const own = lines.filter((line) => line.target === target);
  const [first] = own;
  if (!first) return "";
  const { measure, fewLabels } = first;
  const scored = (contestant: Contestant | undefined) =>
    contestant && (measure === "matthews" ? contestant.measures.matthews : (contestant.linear ?? contestant.endToEnd));
  const cell = (score: { mean: number; deviation: number } | undefined) =>
    score
      ? `${(100 * score.mean).toFixed(1)}${score.deviation > 0 ? ` ± ${(100 * score.deviation).toFixed(1)}` : ""}`
      : "–";
  const find = (contestants: readonly Contestant[], role: Role) => contestants.find((one) => one.role === role);
  const row = (title: string, { all, few }: Line, role: Role, trainedBy?: Role) => [
    title,
    cell(find(all, role)?.knn20),
    cell(scored(find(all, role))),
    cell(scored(find(few, role))),
    cell(scored(trainedBy && find(few, trainedBy))),
  ];
  const itself = own.find((line) => line.source === target) ?? first;
  const what = measure === "matthews" ? "Matthews × 100 (kNN: accuracy)" : "accuracy, %";
  const rows = [
    [target, "kNN, k = 20", "probe", `probe, ${fewLabels} labels`, `all trained, ${fewLabels} labels`],
    ...own.map((line) => row(`pre-trained on ${line.source}`, line, "pretrained", "fine-tuned")),
    // What no pre-training went into: beside it, training from scratch.
    row(contestantNames.untrained, itself, "untrained", "scratch"),
    row(find(first.all, "baseline")?.name ?? "baseline", itself, "baseline"),
  ];
  return `${what}; always the commonest: ${(100 * first.chance).toFixed(1)} %\n${alignColumns(rows)}`;
}

if (only !== "text") await everything("image", await imageTransferSets(work, dry));
if (only !== "image") await everything("text", await textTransferSets(work, dry));
const lines = (await linesOf<Line>(results)).filter(
  (line) => line.seed === seed && line.cpuMinutes === minutesOf[line.kind],
);
if (dry) console.log("DRY RUN: the figures below mean nothing");
for (const target of new Set(lines.map((line) => line.target))) console.log(`\n${tableOf(lines, target)}`);
process.exit(0);
