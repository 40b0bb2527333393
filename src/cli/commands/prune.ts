import { type Command, Option } from "commander";
import type { Paths } from "../../index.ts";
import { openRun, type PruneRunOptions, pruneRun, resumePruning, shippedTable, UserError } from "../../index.ts";
import { pathsOf } from "../data-options.ts";
import { LABEL_FLAGS, type LabelFlags, labelledPair, labelOptions } from "../labelled-pair.ts";
import { wholeNumber } from "../numbers.ts";
import { print, printJson } from "../output.ts";
import { refuseChanges, refuseExisting, resumeOption } from "../resume.ts";
import type { Configure } from "../table.ts";
import { type Watch, watched } from "../watched.ts";

interface Flags extends LabelFlags {
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
        .argument("[data...]", "data for the importance scores and the recovery (default: the data of the run)")
        .option(
          "--keep <share>",
          "share of heads and hidden units, or of channels within blocks, to keep; above 0 and below 1",
        )
        .option("--out <folder>", "run folder to create")
        .addOption(
          new Option("--importance <how>", "taylor: by the gradient of the run's loss; magnitude: by the weights alone")
            .choices(["taylor", "magnitude"])
            .default("taylor"),
        )
        .option("--batches <count>", "batches for the taylor scores", "8")
        .option("--recover-epochs <count>", "epochs of training after pruning, with the run's method", "0"),
    ),
  )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact prune runs/photos --keep 0.5 --recover-epochs 5 --out runs/half --train labelled/train --test labelled/test\n  autodidact prune --resume runs/half",
    )
    .action((path: string | undefined, data: string[], flags: Flags) => action(command, path, pathsOf(data), flags));

/** Checks the flags and returns the work to do. @throws UserError when they contradict each other */
async function prepare(command: Command, path: string | undefined, data: Paths | undefined, flags: Flags) {
  const labels = labelledPair(flags);
  const { out, resume, importance } = flags;
  if (resume !== undefined) {
    refuseChanges(command, resume, LABEL_FLAGS);
    if (path !== undefined)
      throw new UserError(`--resume continues ${resume} with the run it began with; leave out ${path}`);
    return { out: resume, work: (watch: Watch) => resumePruning(resume, { labels, ...watch }) };
  }
  if (path === undefined) throw new UserError("name the run to prune, or one to continue: --resume");
  if (out === undefined) throw new UserError("--out is missing: the run folder to create");
  const keep = Number(flags.keep);
  if (!(keep > 0 && keep < 1)) throw new UserError(`--keep ${flags.keep ?? "is missing"}: must be above 0 and below 1`);
  refuseExisting("prune", out);
  const batches = wholeNumber("batches", flags.batches);
  const recoverEpochs = wholeNumber("recover-epochs", flags.recoverEpochs, 0);
  const choices = { run: await openRun(path), out, keep, importance, batches, recoverEpochs, data, labels };
  return { out, work: (watch: Watch) => pruneRun({ ...choices, ...watch }) };
}

async function action(
  command: Command,
  path: string | undefined,
  data: Paths | undefined,
  flags: Flags,
): Promise<void> {
  const { out, work } = await prepare(command, path, data, flags);
  const { run, models } = await watched("prune", out, work);
  if (flags.json) return printJson({ run: run.path, encoder: run.encoder.hyperparameters, models });
  print(shippedTable(models));
  print(`\nwritten to ${out}`);
}
