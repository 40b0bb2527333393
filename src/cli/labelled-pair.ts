import type { Command } from "commander";
import { type LabelledPair, UserError } from "../index.ts";

/** Options of commands that measure a model before and after. */
export interface LabelsGiven {
  readonly train?: string;
  readonly test?: string;
  readonly column?: string;
  readonly labelColumn?: string;
}

export const labelOptions = (command: Command): Command =>
  command
    .option("--train <data>", "labelled data for accuracies before and after: to learn from")
    .option("--test <data>", "labelled data to be judged on")
    .option("--column <name>", "of a table: column with the texts, by name or, without a header, by number")
    .option("--label-column <name>", "of a table: column with the labels");

/** The same for commands that are about nothing else: both must be there, and may have their labels in files apart. */
export const trainAndTestOptions = (command: Command): Command =>
  command
    .requiredOption("--train <data>", "labelled data to learn from")
    .requiredOption("--test <data>", "labelled data to be judged on")
    .option("--train-labels <csv>", "labels of the training data: columns path,label")
    .option("--test-labels <csv>", "labels of the test data: columns path,label")
    .option("--column <name>", "of a table: column with the texts, by name or, without a header, by number")
    .option("--label-column <name>", "of a table: column with the labels");

/** @throws UserError when only one of the two is there */
export function labelledPair({ train, test, column, labelColumn }: LabelsGiven): LabelledPair | undefined {
  if (train === undefined && test === undefined) return undefined;
  if (train === undefined || test === undefined)
    throw new UserError(
      `--${train === undefined ? "test" : "train"} goes with --${train === undefined ? "train" : "test"}`,
    );
  return { train, test, column, labelColumn };
}
