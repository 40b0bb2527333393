/**
 * The example of docs/clinical.md: 299 horses with colic (McLeish and Cecile 1989, UCI), 30 % of the values missing, learned without
 * labels, then whether the lesion was surgical: ten folds, 50 labels drawn from the others each time, beside the untrained encoder,
 * a linear model and a random forest of the columns, and from scratch.
 *
 *   node bench/tables/horse-colic.ts [method[:preset]] [epochs] [seeds] [--frozen]
 *
 * Data: `$AUTODIDACT_DATA/tabular` or ../shared/data/tabular.
 */
import { evaluate, evaluationTable, pretrain } from "../../src/index.ts";
import { benchArguments } from "../arguments.ts";
import { dataLines } from "../lines.ts";
import { machine, meanOf } from "../series/machine.ts";
import { withTables } from "./worth.ts";

const usage = "node bench/tables/horse-colic.ts [method[:preset]] [epochs] [seeds] [--frozen]";
const { words, has } = benchArguments(usage, ["frozen"]);
const [method = "simclr:scarf", epochs = "100", seeds = "3"] = words;
const COLUMNS =
  "surgery,age,number,temperature,pulse,respiration,extremities,peripheral pulse,membranes,refill,pain,peristalsis,distension,tube,reflux,reflux ph,rectal,abdomen,cell volume,protein,centesis,centesis protein,outcome,lesion,site 1,site 2,site 3,pathology".split(
    ",",
  );
/** Coded as numbers, and no measures. */
const CATEGORIES =
  "age,extremities,peripheral pulse,membranes,refill,pain,peristalsis,distension,tube,reflux,rectal,abdomen,centesis".split(
    ",",
  );
/** Not known when the question is asked, or names. */
const LEFT_OUT = ["surgery", "number", "outcome", "site 1", "site 2", "site 3", "pathology"];

const started = performance.now();
console.log(`horse colic: ${method}, ${epochs} epochs, ${seeds} seeds; ${machine()}`);
const [name = "", preset = "small"] = method.split(":");
const scores = new Map<string, number[]>();
await withTables(async (write, folder) => {
  const rows = (await dataLines("tabular/horse-colic.csv.gz")).map((line) => line.split(","));
  const lesion = COLUMNS.indexOf("lesion");
  const lines = rows.map((row) =>
    row.map((cell, at) => (at === lesion ? (cell === "1" ? "surgical" : "not") : cell)).join(","),
  );
  const data = await write("horses.csv", [COLUMNS.join(","), ...lines]);
  for (let seed = 0; seed < Number(seeds); seed++) {
    const run = await pretrain({
      ...{
        data,
        labelColumn: "lesion",
        out: `${folder}/run-${seed}`,
        modality: "table",
        method: name,
        preset,
        encoder: "mlp",
      },
      modalityOptions: { categories: CATEGORIES, leaveOut: LEFT_OUT },
      training: { epochs: Number(epochs), seed },
    });
    const ends = { finetune: !has("frozen"), scratch: !has("frozen") };
    const evaluation = await evaluate({
      ...{ run, train: data, labelColumn: "lesion", folds: "10", labelCount: 50, seed },
      ...ends,
    });
    if (seed === 0) console.log(`${evaluationTable(evaluation)}\n`);
    for (const { name: who, measures } of evaluation.contestants)
      scores.set(who, [...(scores.get(who) ?? []), 100 * (measures.rocAuc?.mean ?? Number.NaN)]);
  }
});
console.log("by | ROC-AUC over ten folds, mean ± deviation over the seeds");
for (const [who, all] of scores) console.log(`${who} | ${meanOf(all)}`);
console.log(`${((performance.now() - started) / 60_000).toFixed(1)} minutes in all`);
