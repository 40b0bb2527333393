/**
 * Fitness of GB1's mutants (FLIP, two mutations or fewer to all others): Spearman's correlation of a linear model on the mean
 * vector and of the fine-tuned encoder, beside the untrained one, what is counted of residues, and from scratch.
 *
 *   npm run bench:proteins:gb1 -- [--seeds 0,1,2] [--epochs 4] [--table]
 *
 * Starts from the runs of bench:proteins, whose windows of 254 residues hold all four sites.
 */
import { evaluate } from "../../src/index.ts";
import { machine } from "../series/machine.ts";
import { proteinArguments } from "./arguments.ts";
import { gb1, hasData } from "./data.ts";
import { isMeasured, keep, pretrained, printTable } from "./shared.ts";

/** Steps of training on the 381 labels. */
const [STEPS, SCRATCH] = [400, 1200];

const { seeds, epochs, table } = proteinArguments();
if (!hasData()) process.exit(0);
for (const seed of table ? [] : seeds) {
  const { run, seconds } = await pretrained(seed, epochs);
  if (await isMeasured("gb1", seed, run.step)) continue;
  const { train, test } = await gb1("two_vs_rest");
  const { contestants } = await evaluate({
    run,
    train,
    test,
    labelColumn: "target",
    task: "regression",
    ...{ finetune: true, finetuneSteps: STEPS, scratch: true, fromScratch: { steps: SCRATCH } },
    seed,
  });
  const rows = Object.fromEntries(
    contestants.map(({ name, measures }) => [`Spearman, ${name}`, measures.spearman?.mean ?? Number.NaN]),
  );
  console.log(seed, rows);
  await keep({ bench: "gb1", seed, steps: run.step, seconds: Math.round(seconds), machine: machine(), rows });
}
await printTable("gb1", 3);
