/**
 * The example of docs/materials.md: an encoder of formulas, pre-trained on 132,752 of the Materials Project without labels, then
 * the experimental band gap (eV, mean absolute error) or whether a compound is a metal (ROC-AUC) from 100 labels, on CrabNet's
 * first fold: beside the untrained encoder, a linear model and a random forest of Magpie's descriptors, and from scratch.
 *
 *   node bench/tables/materials.ts [expt_gap|expt_is_metal] [method[:preset]] [epochs] [seeds] [options as JSON] [--validation] [--frozen]
 *
 * With --validation the fold's validation part is tested on: for choosing settings. Data: `$AUTODIDACT_DATA/matbench` or
 * ../shared/data/matbench.
 */
import { benchArguments } from "../arguments.ts";
import { dataLines } from "../lines.ts";
import { machine } from "../series/machine.ts";
import { measure, withTables } from "./worth.ts";

const usage =
  "node bench/tables/materials.ts [expt_gap|expt_is_metal] [method[:preset]] [epochs] [seeds] [options as JSON] [--validation] [--frozen]";
const { words, has } = benchArguments(usage, ["validation", "frozen"]);
const [set = "expt_gap", method = "simclr:scarf", epochs = "3", seeds = "3", options = "{}"] = words;
const isMetal = set === "expt_is_metal";
const more: { options?: object; modalityOptions?: object; encoderOptions?: object; training?: object } =
  JSON.parse(options);

const started = performance.now();
console.log(`${set}: ${method}, ${epochs} epochs, ${seeds} seeds; ${machine()}`);
await withTables(async (write, folder) => {
  const formulas = (await dataLines("matbench/mp_e_form.csv.gz")).map((line) => line.split(",")[0]!);
  const part = async (name: string) =>
    (await dataLines(`matbench/cv/${set}/${name}0.csv.gz`))
      .slice(1)
      .map((line) =>
        isMetal ? line.replace(/,([01])(\.0)?$/, (_, digit) => (digit === "1" ? ",metal" : ",not")) : line,
      );
  const [train, validation, test] = await Promise.all([part("train"), part("val"), part("test")]);
  await measure({
    pool: await write(
      "pool.csv",
      formulas.map((line, at) => (at === 0 ? "formula,target" : `${line},`)),
    ),
    train: await write("train.csv", ["formula,target", ...train, ...(has("validation") ? [] : validation)]),
    test: await write("test.csv", ["formula,target", ...(has("validation") ? validation : test)]),
    labelColumn: "target",
    ...(isMetal
      ? { task: "classification" as const, measure: "rocAuc", factor: 100, digits: 1 }
      : { task: "regression" as const, measure: "meanAbsoluteError", factor: 1, digits: 3 }),
    ...{ counts: [100], draws: 5, seeds: Number(seeds), method, encoder: "mlp", folder, frozen: has("frozen") },
    training: { epochs: Number(epochs), ...more.training },
    ...{
      options: { ...more.options },
      modalityOptions: { ...more.modalityOptions },
      encoderOptions: { ...more.encoderOptions },
    },
  });
});
console.log(`${((performance.now() - started) / 60_000).toFixed(1)} minutes in all`);
