/**
 * Text: a masked language model learned from a few megabytes, beside what takes no learning.
 *
 *   node bench/text.ts        # at most 40 minutes on two cores; run again, it goes on where it was
 *
 * Corpus: WikiText-2's validation and test parts (the last tenth of the latter held out) and the texts, without their
 * labels, of SST-2, CoLA and AG-News. Printed: masked accuracy on the held-out part beside unigrams and bigrams; SST-2 with
 * 500 labels for the pre-trained encoder, the same untrained, and TF-IDF.
 * Data: `$AUTODIDACT_DATA` or ../shared/data. Runs and results: bench/work/text, bench/results/text.json.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { evaluate } from "../src/evaluation/evaluate.ts";
import { evaluateLanguage } from "../src/evaluation/language.ts";
import { pretrain } from "../src/training/pretrain.ts";
import { openRun } from "../src/training/run.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const data = process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`;
if (!existsSync(`${data}/wikitext-2`)) {
  console.log(`no WikiText-2 at ${data}; set AUTODIDACT_DATA`);
  process.exit(0);
}
const work = `${root}/bench/work/text`;
const corpus = `${work}/corpus`;
const heldOut = `${work}/held-out.txt`;
await mkdir(corpus, { recursive: true });
await mkdir(`${root}/bench/results`, { recursive: true });

if (!existsSync(`${corpus}/ag-news.txt`)) {
  const read = (name: string) => readFile(`${data}/${name}`, "utf8");
  const column = (text: string, delimiter: string, which: readonly number[]): string => {
    const rows: string[][] = parse(text, {
      delimiter,
      relax_quotes: true,
      relax_column_count: true,
      quote: delimiter === ",",
    });
    return rows.map((row) => which.map((index) => row[index] ?? "").join(". ")).join("\n");
  };
  const lines = (await read("wikitext-2/test.txt")).split("\n");
  const cut = Math.floor(lines.length * 0.9);
  await writeFile(heldOut, lines.slice(cut).join("\n"));
  await writeFile(`${corpus}/wikitext-test.txt`, lines.slice(0, cut).join("\n"));
  await writeFile(`${corpus}/wikitext-valid.txt`, await read("wikitext-2/valid.txt"));
  await writeFile(`${corpus}/sst-2.txt`, column(await read("sst-2/train.tsv"), "\t", [0]));
  await writeFile(`${corpus}/cola.txt`, column(await read("cola/in_domain_train.tsv"), "\t", [3]));
  await writeFile(`${corpus}/ag-news.txt`, column(await read("ag-news/test.csv"), ",", [1, 2]));
}

const out = `${work}/bert`;
const resume = existsSync(`${out}/config.json`);
const began = performance.now();
await pretrain({
  data: corpus,
  out,
  resume,
  modality: "text",
  method: "bert",
  encoder: "transformer",
  encoderOptions: { width: 192, depth: 3, heads: 3 },
  modalityOptions: { maxLength: 64, vocabularySize: 8192, pack: true },
  training: { epochs: 12, batchSize: 64, learningRate: 1e-3, warmupEpochs: 1, gradientClip: 1 },
  onNote: (note) => console.log(note),
  onProgress({ step, steps, loss, samplesPerSecond, etaSeconds }) {
    if (step % 50 === 0 || step === steps)
      console.log(
        `step ${step}/${steps} · loss ${loss.toFixed(3)} · ${Math.round(samplesPerSecond * 64)} tokens/s · ${Math.round(etaSeconds / 60)} min left`,
      );
  },
});
const minutes = (performance.now() - began) / 60000;

const run = await openRun(out);
const rows = await run.metrics();
const language = await evaluateLanguage({ run, data: heldOut, train: corpus });
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
console.log(`\nheld-out WikiText-2, ${language.words} words told one part at a time`);
for (const [name, score] of [
  ["commonest word", language.unigram],
  ["after the word before", language.bigram],
  ["masked language model", language],
] as const)
  if (score)
    console.log(
      `${name.padEnd(24)} ${percent(score.accuracy).padStart(7)}   perplexity ${score.perplexity.toFixed(1)}`,
    );
console.log(`bits per byte ${language.bitsPerByte.toFixed(3)}`);

const sst = await evaluate({
  run,
  train: `${data}/sst-2/train.tsv`,
  test: `${data}/sst-2/dev.tsv`,
  column: "1",
  labelColumn: "2",
  labels: 500,
  draws: 5,
  scratch: false,
});
console.log("\nSST-2, 500 labels, five draws");
for (const { name, linear } of sst.contestants)
  if (linear) console.log(`${name.padEnd(24)} ${percent(linear.mean).padStart(7)} ± ${percent(linear.deviation)}`);

const speeds = rows.map((row) => Number(row.samplesPerSecond) * 64).sort((a, b) => a - b);
const result = {
  machine: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`,
  minutes: resume ? undefined : minutes,
  tokensPerSecond: speeds[Math.floor(speeds.length / 2)],
  peakMemoryMb: Math.round(process.resourceUsage().maxRSS / 1024),
  language,
  sst2: sst.contestants,
  config: run.config,
};
await writeFile(
  `${root}/bench/results/text.json`,
  `${JSON.stringify({ ...result, config: { ...result.config, modality: { ...result.config.modality, files: undefined } } }, null, 2)}\n`,
);
