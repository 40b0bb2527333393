/**
 * What pre-training on molecules without labels is worth on MoleculeNet: untrained, ECFP4 with a linear model and a forest, and the
 * encoder, frozen (and with --finetune fine-tuned and from scratch), on the deterministic scaffold split, which is touched once. The
 * pool is MUV's, whose molecules may be among those of the sets; labels are not. With LABELS that many labels are drawn three
 * times.
 *
 *   npm run bench:molecules -- [SETS] [MOLECULES] [EPOCHS] [SEEDS] [METHOD] [LABELS] [--finetune]
 *   npm run bench:molecules -- ESOL,Lipophilicity,BBBP,bace 16000 5 3 attribute-masking
 *
 * Lines: bench/results/molecules.jsonl; what is there is not measured again.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate, pretrain, type Run } from "../../src/index.ts";
import { benchArguments } from "../arguments.ts";
import { addLine, linesOf, root } from "../methods/shared.ts";
import { DATA, machine, meanOf } from "../series/machine.ts";
import { writePool } from "./pool.ts";

const FILE = `${root}/bench/results/molecules.jsonl`;
const DRAWS = 3;

const { words, has } = benchArguments(
  "npm run bench:molecules -- [SETS] [MOLECULES] [EPOCHS] [SEEDS] [METHOD] [LABELS] [--finetune]",
  ["finetune"],
);
const [
  names = "ESOL,Lipophilicity,BBBP,bace",
  molecules = "16000",
  epochs = "5",
  seeds = "3",
  method = "attribute-masking",
  labels = "all",
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

/** The scores on one set of one training. */
interface Line {
  readonly set: string;
  readonly labels: string;
  readonly method: string;
  readonly molecules: number;
  readonly epochs: number;
  readonly seed: number;
  /** Whether the encoder was fine-tuned, too, and trained from scratch. */
  readonly finetuned: boolean;
  readonly measure: string;
  readonly scores: Readonly<Record<string, number>>;
  readonly minutes: number;
  readonly machine: string;
}
const wanted = (seed: number, set: string) => ({
  ...{ set, labels, method, molecules: Number(molecules), epochs: Number(epochs), seed, finetuned: has("finetune") },
});
const isOf = (line: Line, other: ReturnType<typeof wanted>) =>
  Object.entries(other).every(([key, value]) => Reflect.get(line, key) === value);

const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
const chosen = names.split(",").filter(isSet);
try {
  const pool = await writePool(folder, Number(molecules));
  for (let seed = 0; seed < Number(seeds); seed++) {
    const kept = await linesOf<Line>(FILE);
    const missing = chosen.filter((name) => !kept.some((line) => isOf(line, wanted(seed, name))));
    if (missing.length === 0) continue;
    const began = performance.now();
    const run: Run = await pretrain({
      ...{ data: pool, out: join(folder, `run-${seed}`), method, preset: "small" },
      training: { epochs: Number(epochs), seed },
    });
    const minutes = Number(((performance.now() - began) / 60_000).toFixed(1));
    for (const name of missing) {
      const { labelColumn, task, measure } = sets[name];
      const { contestants } = await evaluate({
        ...{ run, train: join(DATA, `moleculenet/${name}.csv.gz`), split: "scaffold", labelColumn, task, seed },
        ...{ finetune: has("finetune"), scratch: has("finetune") },
        ...(labels === "all" ? {} : { labelCount: Number(labels), draws: DRAWS }),
      });
      const scores = Object.fromEntries(
        contestants.map(({ name: by, linear, measures }) => [
          `${by}${linear ? ", linear probe" : ""}`,
          measures[measure]?.mean ?? Number.NaN,
        ]),
      );
      console.log(`seed ${seed}, ${name}:`, scores);
      await addLine(FILE, { ...wanted(seed, name), measure, scores, minutes, machine: machine() });
    }
  }
  const lines = (await linesOf<Line>(FILE)).filter((line) =>
    chosen.some((name) => isOf(line, wanted(line.seed, name))),
  );
  console.log(`set | labels | by | measure | mean ± deviation over the seeds`);
  for (const name of chosen) {
    const own = lines.filter(({ set }) => set === name);
    for (const by of Object.keys(own[0]?.scores ?? {}))
      console.log(
        `${name} | ${labels} | ${by} | ${own[0]?.measure} | ${meanOf(
          own.flatMap(({ scores }) => scores[by] ?? []),
          3,
        )}`,
      );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
