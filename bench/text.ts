/**
 * Text: masked words and bags of words learned from a few megabytes, beside what takes no learning.
 *
 *   npm run bench:text -- [--minutes 8] [--methods bag-of-words,bert] [--seeds 3] [--scratch]
 *   npm run bench:text -- --table     # writes the table into docs/measured.md
 *   npm run bench:text -- --dry       # a thimble of it, to see that it works: its figures mean nothing, none is kept
 *
 * Minutes are CPU minutes of each pre-training on one thread. A line a method and seed in bench/results/text.jsonl; what is
 * there is not done again, and a pre-training that was interrupted goes on.
 *
 * Corpus: WikiText-2's validation and test part (the articles in the last tenth of the latter held out) and the texts,
 * without their labels, that SST-2, CoLA and AG-News have to learn from, a text on each line. Printed: masked accuracy on
 * the held-out articles beside unigrams and bigrams (WikiText's `<unk>` is three tokens that all of them tell easily); of
 * each set with 50, 500 and all labels a linear probe on the pre-trained encoder, the same untrained, and TF-IDF, and all
 * of the encoder fine-tuned; with `--scratch`, once, the same trained from scratch, as long as a validation part of AG-News chose
 * (`npm run bench:label-efficiency -- --on ag-news --choose`), else 3,000 steps. The speed against PyTorch is
 * `npm run bench:steps -- text`.
 *
 * Data: `$AUTODIDACT_DATA` or ../shared/data. Runs: bench/work/text.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { evaluateLanguage } from "../src/evaluation/language/language.ts";
import { languageTable } from "../src/evaluation/language/language-table.ts";
import { evaluate } from "../src/evaluation/worth/evaluate.ts";
import type { Run } from "../src/training/run/run.ts";
import { chosenScratch } from "./methods/scratch.ts";
import { addLine, epochsIn, linesOf, root, secondsPerStep, trained } from "./methods/shared.ts";
import { type Judged, type Line, tableOf, withTable } from "./text/table.ts";
import { type TextSet, textSets } from "./text-sets.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "8" },
    methods: { type: "string", default: "bag-of-words,bert" },
    seeds: { type: "string", default: "3" },
    scratch: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
    dry: { type: "boolean", default: false },
  },
});
const { dry, scratch } = values;
const [minutes, seeds] = [Number(values.minutes), dry ? 1 : Number(values.seeds)];
if (!(minutes > 0) || !Number.isInteger(seeds) || seeds < 1) {
  console.error("--minutes must be above 0, and --seeds a whole number from 1");
  process.exit(2);
}
const results = `${root}/bench/results/text.jsonl`;
if (values.table) {
  const page = `${root}/docs/measured.md`;
  const table = tableOf(await linesOf<Line>(results));
  await writeFile(page, withTable(await readFile(page, "utf8"), table));
  console.log(table);
  process.exit(0);
}
const LENGTH = 64;
const data = process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`;
if (!existsSync(`${data}/wikitext-2`)) {
  console.error(`no WikiText-2 at ${data}; set AUTODIDACT_DATA`);
  process.exit(0);
}
const work = `${root}/bench/work/text${dry ? "-dry" : ""}`;
const [corpus, heldOut] = [`${work}/corpus.txt`, `${work}/held-out.txt`];
if (dry) await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });
const sets = await textSets(data, work, dry ? 20 : 1);

if (!existsSync(corpus)) {
  const read = (name: string) => readFile(`${data}/${name}`, "utf8");
  const unlabelled = sets.map(async ({ train }) =>
    (await readFile(train, "utf8")).split("\n").map((row) => row.slice(row.indexOf("\t") + 1)),
  );
  const test = (await read("wikitext-2/test.txt")).split("\n");
  // An article's title stands between single signs of equality, its sections' between more.
  const cut = test.findIndex((line, at) => at >= 0.9 * test.length && /^ = [^=]+ = *$/.test(line));
  const texts = [
    ...(await read("wikitext-2/valid.txt")).split("\n"),
    ...test.slice(0, cut),
    ...(await Promise.all(unlabelled)).flat(),
  ];
  await writeFile(heldOut, test.slice(cut, dry ? cut + 40 : undefined).join("\n"));
  await writeFile(corpus, texts.filter((_, at) => !dry || at % 20 === 0).join("\n"));
}

async function pretrained(method: string, seed: number) {
  const out = `${work}/${method}-${seed}-${minutes}cpu`;
  const training = { batchSize: 32, learningRate: 1e-3, gradientClip: 1, seed };
  const choices = {
    ...{ data: corpus, modality: "text", method, encoder: "transformer", training },
    encoderOptions: { width: 192, depth: 3, heads: 3 },
    modalityOptions: { maxLength: LENGTH, vocabularySize: dry ? 1024 : 8192 },
  };
  const resume = existsSync(`${out}/config.json`);
  const epochs = resume || dry ? 1 : epochsIn(minutes, await secondsPerStep(choices, `${out}-calibration`));
  return trained(
    { ...choices, training: { ...training, epochs, warmupEpochs: Math.min(1, epochs / 10) } },
    out,
    resume,
  );
}

/** Labels, draws of them, and steps of fine-tuning. */
const settings: readonly { labels?: number; draws: number; steps: number }[] = dry
  ? [
      { labels: 40, draws: 1, steps: 4 },
      { draws: 1, steps: 4 },
    ]
  : [
      { labels: 50, draws: 3, steps: 60 },
      { labels: 500, draws: 3, steps: 80 },
      { draws: 1, steps: 120 },
    ];

async function judged(run: Run, { name: set, measure, ...data }: TextSet, withScratch: boolean): Promise<Judged[]> {
  const all: Judged[] = [];
  const fromScratch = dry ? { steps: 4 } : await chosenScratch("ag-news");
  for (const { labels, draws, steps } of settings) {
    const evaluation = await evaluate({
      ...{ run, ...data, labelCount: labels, draws, finetune: true, finetuneSteps: steps, scratch: withScratch },
      ...(fromScratch ? { fromScratch } : {}),
    });
    const { train, contestants } = evaluation;
    console.error(`  ${set}, ${train.used} labels: done after ${Math.round(evaluation.seconds)} s`);
    all.push({ set, measure, labels: train.used, draws: evaluation.draws, contestants });
  }
  return all;
}

const done = dry ? [] : await linesOf<Line>(results);
for (const method of values.methods.split(","))
  for (let seed = 0; seed < seeds; seed++) {
    const isThere = (line: Line) => line.method === method && line.seed === seed && line.cpuMinutes === minutes;
    if (done.some(isThere)) continue;
    const { run, seconds, cpuSeconds } = await pretrained(method, seed);
    const samplesPerSecond = (run.step * run.config.training.batchSize) / (cpuSeconds ?? seconds);
    const language = await evaluateLanguage({ run, data: heldOut, train: corpus });
    console.log(`${method}, seed ${seed}\n${languageTable(method, language)}`);
    const lines: Judged[] = [];
    // No pre-training is in what is trained from scratch: once is enough.
    const isFirst = scratch && seed === 0 && !done.some(hasScratch) && method === values.methods.split(",")[0];
    for (const set of sets) lines.push(...(await judged(run, set, dry || isFirst)));
    const line: Line = {
      ...{
        method,
        seed,
        cpuMinutes: minutes,
        ...(cpuSeconds === undefined ? {} : { cpuSeconds: Math.round(cpuSeconds) }),
      },
      ...{ epochs: run.config.training.epochs, language: { ...language }, judged: lines },
      ...{ tokensPerSecond: Math.round(samplesPerSecond * LENGTH), machine: `${cpus().length} × ${cpus()[0]?.model}` },
    };
    if (!dry) await addLine(results, line);
    console.log(`${dry ? "DRY RUN: these figures mean nothing\n" : ""}${tableOf([line])}`);
  }
process.exit(0);

function hasScratch({ judged: sets }: Line): boolean {
  return sets.some(({ contestants }) => contestants.some(({ role }) => role === "scratch"));
}
