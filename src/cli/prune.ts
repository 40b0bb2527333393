import { Command, Option } from "commander";
import { openRun, type PruneRunOptions, pruneRun, shippedTable, UserError } from "../index.ts";
import { wholeNumber } from "./evaluate.ts";
import { abortOnInterrupt, Interrupted } from "./interrupt.ts";
import { type LabelsGiven, labelledPair, labelOptions } from "./labelled-pair.ts";
import { print, printJson } from "./output.ts";
import { progressLine, stageLine } from "./progress.ts";

interface Given extends LabelsGiven {
  readonly keep: string;
  readonly out: string;
  readonly importance: NonNullable<PruneRunOptions["importance"]>;
  readonly batches: string;
  readonly recoverEpochs: string;
  readonly data?: string;
  readonly json?: boolean;
}

export const pruneCommand = (): Command =>
  labelOptions(
    new Command("prune")
      .description(
        "make a Transformer smaller by leaving out heads and hidden units, a ResNet by channels; train it on, and measure both",
      )
      .argument("<run>", "run folder")
      .requiredOption("--keep <share>", "of heads and hidden units, or of channels within blocks, above 0 and below 1")
      .requiredOption("--out <folder>", "run folder to make")
      .addOption(
        new Option(
          "--importance <how>",
          "taylor: by the gradient of the run's own loss; magnitude: by the weights alone",
        )
          .choices(["taylor", "magnitude"])
          .default("taylor"),
      )
      .option("--batches <count>", "batches that taylor looks at", "8")
      .option("--recover-epochs <count>", "epochs of training on, by the run's own method", "0")
      .option("--data <data>", "what to look at and to train on; what the run learned from by default"),
  )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExample:\n  autodidact prune runs/photos --keep 0.5 --recover-epochs 5 --out runs/half --train labelled/train --test labelled/test",
    )
    .action(async (path: string, given: Given) => {
      const keep = Number(given.keep);
      if (!(keep > 0 && keep < 1)) throw new UserError(`--keep ${given.keep}: must be above 0 and below 1`);
      const run = await openRun(path);
      const line = progressLine();
      const stages = stageLine();
      const interrupt = abortOnInterrupt(() => line.note("saving; Ctrl-C again quits at once"));
      try {
        const { run: small, models } = await pruneRun({
          run,
          out: given.out,
          keep,
          importance: given.importance,
          batches: wholeNumber("batches", given.batches),
          recoverEpochs: wholeNumber("recover-epochs", given.recoverEpochs, 0),
          data: given.data,
          labels: labelledPair(given),
          signal: interrupt.signal,
          onNote: line.note,
          onStep: line.update,
          onProgress: (...stage) => {
            if (interrupt.signal.aborted) throw new Interrupted("stopped; the same command goes on from there");
            stages.update(...stage);
          },
        });
        stages.end();
        if (models.length === 0)
          throw new Interrupted(
            `stopped at step ${small.step}, saved in ${given.out}; the same command goes on from there`,
          );
        if (given.json) return printJson({ run: small.path, encoder: small.encoder.hyperparameters, models });
        print(shippedTable(models));
        print(`\nwritten to ${given.out}`);
      } finally {
        line.end();
        stages.end();
        interrupt.release();
      }
    });
