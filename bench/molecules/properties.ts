/**
 * What pre-training on molecules without labels is worth on MoleculeNet: untrained, ECFP4 with a linear model and a forest, and the
 * encoder, frozen (and with --finetune fine-tuned and from scratch), on the deterministic scaffold split, which is touched once. The
 * pool is MUV's, whose molecules may be among those of the sets; labels are not.
 *
 *   npm run bench:molecules -- [SETS] [MOLECULES] [EPOCHS] [SEEDS] [METHOD]   # ESOL,Lipophilicity,BBBP,bace 16000 5 3 attribute-masking
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate, pretrain } from "../../src/index.ts";
import { benchArguments } from "../arguments.ts";
import { DATA, meanOf } from "../series/machine.ts";
import { writePool } from "./pool.ts";

const { words, has } = benchArguments(
  "npm run bench:molecules -- [SETS] [MOLECULES] [EPOCHS] [SEEDS] [METHOD] [--finetune]",
  ["finetune"],
);
const [
  names = "ESOL,Lipophilicity,BBBP,bace",
  molecules = "16000",
  epochs = "5",
  seeds = "3",
  method = "attribute-masking",
] = words;

const sets = {
  ESOL: {
    labelColumn: "measured log solubility in mols per litre",
    task: "regression",
    measure: "rootMeanSquaredError",
  },
  Lipophilicity: { labelColumn: "exp", task: "regression", measure: "rootMeanSquaredError" },
  BBBP: { labelColumn: "p_np", task: "classification", measure: "rocAuc" },
  bace: { labelColumn: "Class", task: "classification", measure: "rocAuc" },
} as const;
const isSet = (name: string): name is keyof typeof sets => name in sets;

const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
try {
  const pool = await writePool(folder, Number(molecules));
  const table = new Map<string, number[]>();
  for (let seed = 0; seed < Number(seeds); seed++) {
    const began = performance.now();
    const run = await pretrain({
      ...{ data: pool, out: join(folder, `run-${seed}`), method, preset: "small" },
      training: { epochs: Number(epochs), seed },
    });
    console.log(`seed ${seed}: ${run.step} steps in ${((performance.now() - began) / 60_000).toFixed(1)} minutes`);
    for (const name of names.split(",").filter(isSet)) {
      const { labelColumn, task, measure } = sets[name];
      const { contestants } = await evaluate({
        ...{ run, train: join(DATA, `moleculenet/${name}.csv.gz`), split: "scaffold", labelColumn, task, seed },
        ...{ finetune: has("finetune"), scratch: has("finetune") },
      });
      for (const { name: by, linear, measures } of contestants) {
        const key = `${name} | ${by}${linear ? ", linear probe" : ""} | ${measure}`;
        table.set(key, [...(table.get(key) ?? []), measures[measure]?.mean ?? Number.NaN]);
      }
    }
  }
  console.log("set | by | measure | mean ± deviation over the seeds");
  for (const [key, values] of table) console.log(`${key} | ${meanOf(values, 3)}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
