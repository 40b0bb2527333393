/*
 * Adult (census, 1994: income above 50,000 dollars): pretraining on the training rows without labels, then ROC-AUC from 50 and from
 * 500 labels on the published test part: a linear probe on frozen features, beside the untrained encoder and logistic regression on
 * standardised columns; fine-tuned, beside from scratch.
 *
 *   node bench/table.ts [method[:preset]] [epochs] [seeds] [encoder] [scale] [--validation] [--frozen]
 *
 * With --validation the last 5,000 training rows are the test part, and are not trained on: for choosing settings.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate, finetune, judge, pretrain } from "../src/index.ts";
import { benchArguments } from "./arguments.ts";
import { dataLines } from "./lines.ts";
import { machine, meanOf } from "./series/machine.ts";

const { words, has } = benchArguments(
  "node bench/table.ts [method[:preset]] [epochs] [seeds] [encoder] [scale] [--validation] [--frozen]",
  ["validation", "frozen"],
);
const [named = "simclr:scarf", epochs = "10", seeds = "3", encoder = "mlp", scale = "quantile"] = words;
const [method = "simclr", preset = "small"] = named.split(":");
const COLUMNS =
  "age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,race,sex,capital-gain,capital-loss,hours-per-week,native-country,income";
const HELD_OUT = 5000;
/** Rows that labels are drawn from, and draws for the probes. */
const [LABELLED, DRAWS] = [2000, 5];

/** Rows of a part; those of the test part end with a full stop. */
const rowsOf = async (name: string): Promise<string[]> =>
  (await dataLines(`tabular/${name}.csv.gz`)).map((line) => line.replace(/\.$/, ""));

const started = performance.now();
const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
const write = async (name: string, rows: readonly string[]): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, `${[COLUMNS, ...rows].join("\n")}\n`);
  return path;
};
const labelColumn = "income";
const table = new Map<string, { aucs: number[]; deviations: number[] }>();
/** Of one seed: the AUC, or the mean over its draws, and their deviation. */
const note = (count: number, by: string, auc = Number.NaN, deviation = 0) => {
  const key = `${count} labels | ${by}`;
  const row = table.get(key) ?? { aucs: [], deviations: [] };
  table.set(key, row);
  row.aucs.push(100 * auc);
  row.deviations.push(100 * deviation);
};
const rootMeanSquare = (values: readonly number[]) => Math.hypot(...values) / Math.sqrt(values.length);
console.log(`${named} on ${encoder}, ${scale}, ${epochs} epochs, ${seeds} seeds, ${DRAWS} draws; ${machine()}`);
try {
  const all = await rowsOf("adult-train");
  const kept = has("validation") ? all.slice(0, -HELD_OUT) : all;
  const train = await write("train.csv", kept);
  const labelled = await write("labelled.csv", kept.slice(0, LABELLED));
  const test = await write("test.csv", has("validation") ? all.slice(-HELD_OUT) : await rowsOf("adult-test"));
  for (let seed = 0; seed < Number(seeds); seed++) {
    const run = await pretrain({
      ...{ data: train, labelColumn, out: join(folder, `run-${seed}`), modality: "table", method, encoder, preset },
      modalityOptions: { scale: scale === "standard" ? "standard" : "quantile" },
      training: { epochs: Number(epochs), seed, threads: 1, workers: 0 },
    });
    for (const count of [50, 500]) {
      const { contestants } = await evaluate({
        ...{ run, train: labelled, test, labelColumn, labelCount: count, draws: DRAWS, scratch: false },
        seed: 100 * seed,
      });
      for (const { name, linear, measures } of contestants)
        note(count, `${name}${linear ? ", linear probe" : ""}`, measures.rocAuc?.mean, measures.rocAuc?.deviation);
      if (has("frozen")) continue;
      for (const how of ["fine-tuned", "from scratch"] as const) {
        const tuned = await finetune({
          ...{ from: run.path, train: labelled, labelColumn, labelCount: count, scratch: how === "from scratch" },
          ...{ out: join(folder, `${how}-${count}-${seed}`), training: { seed: 100 * seed, threads: 1, workers: 0 } },
        });
        const { measures } = await judge({ run: tuned, data: test, labelColumn });
        note(count, how, measures.rocAuc);
      }
    }
  }
  console.log("labels | by | AUC, mean ± deviation over the seeds | deviation over the draws");
  for (const [key, { aucs, deviations }] of table)
    console.log(`${key} | ${meanOf(aucs)} | ${rootMeanSquare(deviations).toFixed(1)}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${((performance.now() - started) / 60_000).toFixed(1)} minutes in all`);
