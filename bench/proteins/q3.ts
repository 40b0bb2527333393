/**
 * Secondary structure (helix, strand, coil) of FLIP's 364 test proteins: a probe of the residues' vectors with all training
 * labels, and fine-tuning on 100 labelled proteins, beside the untrained encoder, a window of residues, and from scratch.
 *
 *   npm run bench:proteins:q3 -- [--seeds 0,1,2] [--epochs 4] [--table]
 *
 * Starts from the runs of bench:proteins. Accuracy over resolved residues among the first 254 of each protein, in per cent.
 * Validation labels are not used but to choose when fine-tuning stops.
 */
import { evaluate } from "../../src/index.ts";
import { machine } from "../series/machine.ts";
import { proteinArguments } from "./arguments.ts";
import { hasData, secondaryStructure } from "./data.ts";
import { isMeasured, keep, pretrained, printTable } from "./shared.ts";

/** Labelled proteins, and steps of training on them: from scratch as many as it can use. */
const [PROTEINS, STEPS, SCRATCH] = [100, 400, 1200];

const { seeds, epochs, table } = proteinArguments();
if (!hasData()) process.exit(0);
for (const seed of table ? [] : seeds) {
  const { run, seconds } = await pretrained(seed, epochs);
  if (await isMeasured("q3", seed, run.step)) continue;
  const { train, test } = await secondaryStructure();
  const data = {
    ...{ train: train.sequences, trainLabels: train.labels, test: test.sequences, testLabels: test.labels },
    ...{ run, task: "token-classification" as const, seed },
  };
  const all = await evaluate({ ...data, scratch: false });
  const few = await evaluate({
    ...{ ...data, labelCount: PROTEINS, draws: 1 },
    ...{ finetune: true, finetuneSteps: STEPS, scratch: true, fromScratch: { steps: SCRATCH } },
  });
  const of = (contestants: typeof all.contestants, label: string) =>
    contestants.map(({ name, linear, endToEnd }) => [`${label}, ${name}`, 100 * (linear ?? endToEnd)!.mean] as const);
  const rows = Object.fromEntries([
    ["majority class", 100 * (all.chance ?? 0)],
    ...of(all.contestants, "all labels, probe"),
    ...of(few.contestants, `${PROTEINS} proteins`),
  ]);
  console.log(seed, rows);
  await keep({ bench: "q3", seed, steps: run.step, seconds: Math.round(seconds), machine: machine(), rows });
}
await printTable("q3", 1);
