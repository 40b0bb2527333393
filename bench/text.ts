/**
 * Text: masked words and bags of words learned from a few megabytes, beside what takes no learning.
 *
 *   npm run bench:text -- [MINUTES]   # of training, 18 by default; the rest takes somewhat longer. Run again, it goes on
 *   npm run bench:text -- --dry       # a thimble of it, to see that it works: its figures mean nothing, none is kept
 *
 * Corpus: WikiText-2's validation and test part (the articles in the last tenth of the latter held out) and the texts,
 * without their labels, that SST-2, CoLA and AG-News have to learn from, a text on each line. Printed: masked accuracy on
 * the held-out articles beside unigrams and bigrams (WikiText's `<unk>` is three tokens that all of them tell easily); of
 * each set with 50, 500 and all labels a linear probe on the pre-trained encoder, the same untrained, and TF-IDF, and all
 * of the encoder fine-tuned beside the same trained from scratch, 3,000 steps; tokens per second and memory. The
 * speed against PyTorch is `npm run bench:steps -- text`.
 *
 * Data: `$AUTODIDACT_DATA` or ../shared/data. Runs and results: bench/work/text, bench/results/text.json.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { evaluateLanguage } from "../src/evaluation/language/language.ts";
import { languageTable } from "../src/evaluation/language/language-table.ts";
import { evaluate } from "../src/evaluation/worth/evaluate.ts";
import type { Contestant, Evaluation } from "../src/evaluation/worth/evaluation.ts";
import { alignColumns } from "../src/evaluation/worth/table.ts";
import { benchArguments } from "./arguments.ts";
import { median } from "./median.ts";
import { epochsIn, root, secondsPerStep, trained } from "./methods/shared.ts";
import { type TextSet, textSets } from "./text-sets.ts";

const { words, has } = benchArguments("npm run bench:text -- [MINUTES] [--dry]", ["dry"]);
const minutes = Number(words[0] ?? 18);
if (!(minutes > 0)) {
  console.error(`${words[0]}: minutes must be a number above 0`);
  process.exit(2);
}
const dry = has("dry");
const LENGTH = 64;
const data = process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`;
if (!existsSync(`${data}/wikitext-2`)) {
  console.error(`no WikiText-2 at ${data}; set AUTODIDACT_DATA`);
  process.exit(0);
}
const work = `${root}/bench/work/text${dry ? "-dry" : ""}`;
const [corpus, heldOut, out] = [`${work}/corpus.txt`, `${work}/held-out.txt`, `${work}/run`];
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

const choices = {
  data: corpus,
  modality: "text",
  method: "bag-of-words",
  encoder: "transformer",
  encoderOptions: { width: 192, depth: 3, heads: 3 },
  modalityOptions: { maxLength: LENGTH, vocabularySize: dry ? 1024 : 8192 },
  training: { batchSize: 32, learningRate: 1e-3, gradientClip: 1 },
};
const resume = existsSync(`${out}/config.json`);
const epochs = resume || dry ? 1 : epochsIn(minutes, await secondsPerStep(choices, `${work}/calibration`));
const { run, seconds } = await trained(
  { ...choices, training: { ...choices.training, epochs, warmupEpochs: Math.min(1, epochs / 10) } },
  out,
  resume,
);
// Of the training alone, and only if it was in this process; what follows needs more.
const peakMemoryMb = resume ? undefined : Math.round(process.resourceUsage().maxRSS / 1024);
const tokensPerSecond = Math.round(median((await run.metrics()).map((row) => row.samplesPerSecond)) * LENGTH);
if (dry) console.log("DRY RUN: the figures below mean nothing");
console.log(
  `${run.config.training.epochs} epochs in ${(seconds / 60).toFixed(1)} minutes, ${tokensPerSecond} tokens/s with padding${peakMemoryMb ? `, ${peakMemoryMb} MB at most` : ""}`,
);

const language = await evaluateLanguage({ run, data: heldOut, train: corpus });
console.log(
  `\nheld-out WikiText-2, a seventh of its tokens masked at a time\n${languageTable(run.config.method.name, language)}`,
);

/** Labels, draws of them, and steps of fine-tuning: together with the probes ten minutes a set, without what is trained from scratch. */
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

async function judged({ name, measure, ...set }: TextSet): Promise<Evaluation[]> {
  const evaluations: Evaluation[] = [];
  for (const { labels, draws, steps } of settings)
    evaluations.push(
      await evaluate({
        run,
        ...set,
        labelCount: labels,
        draws,
        finetune: true,
        // From scratch as long as the product trains it: about 3,000 steps.
        ...(dry ? { fromScratch: { steps } } : {}),
        finetuneSteps: steps,
      }),
    );
  const score = ({ linear, endToEnd, measures }: Contestant) => {
    const { mean = 0, deviation = 0 } = (measure === "matthews" ? measures.matthews : (linear ?? endToEnd)) ?? {};
    return `${(100 * mean).toFixed(1)}${deviation > 0 ? ` ± ${(100 * deviation).toFixed(1)}` : ""}`;
  };
  const rows = (evaluations[0]?.contestants ?? []).map((contestant) => [
    `${contestant.name}${contestant.linear ? ", probe" : ""}`,
    ...evaluations.map(({ contestants }) => {
      const found = contestants.find((one) => one.role === contestant.role);
      return found ? score(found) : "–";
    }),
  ]);
  const heading = evaluations.map(({ train: { used } }) => `${used} labels`);
  const always = `${(100 * (evaluations[0]?.chance ?? 0)).toFixed(1)} %`;
  console.log(
    `\n${name}, ${measure === "matthews" ? "Matthews' correlation × 100" : "accuracy in %"}; always the commonest is right in ${always}\n${alignColumns([["", ...heading], ...rows])}`,
  );
  return evaluations;
}

const labelled: Record<string, readonly Contestant[][]> = {};
for (const set of sets) labelled[set.name] = (await judged(set)).map(({ contestants }) => [...contestants]);

if (!dry) {
  const { files: _, ...modality } = run.config.modality;
  const result = {
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
    trainingSeconds: Math.round(seconds),
    tokensPerSecond,
    peakMemoryMb,
    language,
    settings,
    labelled,
    config: { ...run.config, modality, data: { ...run.config.data, path: "corpus.txt" } },
  };
  await mkdir(`${root}/bench/results`, { recursive: true });
  await writeFile(`${root}/bench/results/text.json`, `${JSON.stringify(result, null, 2)}\n`);
}
process.exit(0);
