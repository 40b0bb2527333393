import { Command } from "commander";
import { evaluate, evaluationTable, openRun, type TrainAndTest, UserError, writeReport } from "../index.ts";
import { trainAndTestOptions } from "./labelled-pair.ts";
import { print, printJson } from "./output.ts";
import { stageLine } from "./progress.ts";

interface Given extends TrainAndTest {
  readonly labels?: string;
  readonly draws: string;
  readonly scratch: boolean;
  readonly scratchSteps?: string;
  readonly finetune?: boolean;
  readonly seed: string;
  readonly json?: boolean;
}

export const evaluateCommand = (): Command =>
  trainAndTestOptions(
    new Command("evaluate")
      .description("measure a representation: kNN and linear probe, beside raw values, untrained and from scratch")
      .argument("<run>", "run folder"),
  )
    .option("--labels <count>", "use only so many training labels, drawn evenly over the classes")
    .option("--draws <count>", "how often to draw them", "5")
    .option("--no-scratch", "leave out training the encoder from scratch")
    .option("--scratch-steps <count>", "steps of that training, about; stops earlier when it gets no better")
    .option("--finetune", "also fine-tune all of the pretrained encoder")
    .option("--seed <seed>", "of the draws", "0")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact evaluate runs/photos --train labelled/train --test labelled/test --labels 100\n  autodidact evaluate runs/books --train train.tsv --test test.tsv --column 1 --label-column 2   # no header",
    )
    .action(async (path: string, given: Given) => {
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
        ...(given.labels === undefined ? {} : { labels: wholeNumber("labels", given.labels) }),
        draws: wholeNumber("draws", given.draws),
        scratch: given.scratch,
        ...(given.scratchSteps === undefined ? {} : { scratchSteps: wholeNumber("scratch-steps", given.scratchSteps) }),
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

/** @throws UserError naming the flag when the text is no whole number of at least `least` */
export function wholeNumber(flag: string, text: string, least = 1): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && text.trim() !== "") return value;
  throw new UserError(`--${flag} ${text}: must be a whole number of at least ${least}`);
}
