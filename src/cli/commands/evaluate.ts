import { evaluate, evaluationTable, openRun, type TrainAndTest, writeReport } from "../../index.ts";
import { trainAndTestOptions } from "../labelled-pair.ts";
import { STEPS, wholeNumber } from "../numbers.ts";
import { print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Given extends TrainAndTest {
  readonly labelCount?: string;
  readonly draws: string;
  readonly scratch: boolean;
  readonly steps?: string;
  readonly finetune?: boolean;
  readonly seed: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  trainAndTestOptions(command.argument("<run>", "run folder"))
    .option("--label-count <count>", "use only so many training labels, drawn evenly over the classes")
    .option("--draws <count>", "how often to draw them", "5")
    .option("--no-scratch", "leave out training the encoder from scratch")
    .option("--finetune", "also fine-tune all of the pretrained encoder")
    .option("--steps <count>", STEPS)
    .option("--seed <seed>", "of the draws", "0")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact evaluate runs/photos --train labelled/train --test labelled/test --label-count 100\n  autodidact evaluate runs/books --train train.tsv --test test.tsv --column 1 --label-column 2   # no header",
    )
    .action(async (path: string, given: Given) => {
      const steps = given.steps === undefined ? undefined : wholeNumber("steps", given.steps);
      const run = await openRun(path);
      const line = stageLine();
      const evaluation = await evaluate({
        run,
        train: given.train,
        test: given.test,
        trainLabels: given.trainLabels,
        testLabels: given.testLabels,
        column: given.column,
        labelColumn: given.labelColumn,
        ...(given.labelCount === undefined ? {} : { labelCount: wholeNumber("label-count", given.labelCount) }),
        draws: wholeNumber("draws", given.draws),
        scratch: given.scratch,
        ...(steps === undefined ? {} : { scratchSteps: steps, finetuneSteps: steps }),
        finetune: given.finetune,
        seed: wholeNumber("seed", given.seed, 0),
        onProgress: line.update,
      }).finally(line.end);
      const files = await writeReport(run, evaluation);
      if (given.json) return printJson(evaluation);
      print(evaluationTable(evaluation));
      const broken = evaluation.train.broken + evaluation.test.broken;
      if (broken > 0) print(`${broken} broken files were left out; autodidact info names them.`);
      print(`\nwritten to ${path}: ${files.join(", ")}`);
    });
