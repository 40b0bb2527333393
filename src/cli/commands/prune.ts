import { type Command, Option } from "commander";
import { openRun, type PruneRunOptions, pruneRun, resumePruning, shippedTable, UserError } from "../../index.ts";
import { type LabelsGiven, labelledPair, labelOptions } from "../labelled-pair.ts";
import { wholeNumber } from "../numbers.ts";
import { print, printJson } from "../output.ts";
import { refuseChanges, refuseExisting, resumeOption } from "../resume.ts";
import type { Configure } from "../table.ts";
import { type Watch, watched } from "../watched.ts";

interface Given extends LabelsGiven {
  readonly keep?: string;
  readonly out?: string;
  readonly importance: NonNullable<PruneRunOptions["importance"]>;
  readonly batches: string;
  readonly recoverEpochs: string;
  readonly resume?: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  resumeOption(
    labelOptions(
      command
        .argument("[run]", "run folder")
        .argument("[data]", "what importance and recovery look at; the data of the run by default")
        .option("--keep <share>", "of heads and hidden units, or of channels within blocks, above 0 and below 1")
        .option("--out <folder>", "run folder to make")
        .addOption(
          new Option(
            "--importance <how>",
            "taylor: by the gradient of the run's own loss; magnitude: by the weights alone",
          )
            .choices(["taylor", "magnitude"])
            .default("taylor"),
        )
        .option("--batches <count>", "batches that taylor looks at", "8")
        .option("--recover-epochs <count>", "epochs of training afterwards, by the run's own method", "0"),
    ),
  )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact prune runs/photos --keep 0.5 --recover-epochs 5 --out runs/half --train labelled/train --test labelled/test\n  autodidact prune --resume runs/half",
    )
    .action((path: string | undefined, data: string | undefined, given: Given) => action(command, path, data, given));

/** How to go about it, once what was given makes sense. */
async function ready(command: Command, path: string | undefined, data: string | undefined, given: Given) {
  const labels = labelledPair(given);
  const { out, resume, importance } = given;
  if (resume !== undefined) {
    refuseChanges(command, resume, ["train", "test", "trainLabels", "testLabels", "column", "labelColumn"]);
    if (path !== undefined) throw new UserError(`--resume continues ${resume} with its own run; leave out ${path}`);
    return { out: resume, work: (watch: Watch) => resumePruning(resume, { labels, ...watch }) };
  }
  if (path === undefined) throw new UserError("name the run to prune, or one to continue: --resume");
  if (out === undefined) throw new UserError("--out is missing: the run folder to make");
  const keep = Number(given.keep);
  if (!(keep > 0 && keep < 1)) throw new UserError(`--keep ${given.keep ?? "is missing"}: must be above 0 and below 1`);
  refuseExisting("prune", out);
  const batches = wholeNumber("batches", given.batches);
  const recoverEpochs = wholeNumber("recover-epochs", given.recoverEpochs, 0);
  const choices = { run: await openRun(path), out, keep, importance, batches, recoverEpochs, data, labels };
  return { out, work: (watch: Watch) => pruneRun({ ...choices, ...watch }) };
}

async function action(
  command: Command,
  path: string | undefined,
  data: string | undefined,
  given: Given,
): Promise<void> {
  const { out, work } = await ready(command, path, data, given);
  const { run, models } = await watched("prune", out, work);
  if (given.json) return printJson({ run: run.path, encoder: run.encoder.hyperparameters, models });
  print(shippedTable(models));
  print(`\nwritten to ${out}`);
}
