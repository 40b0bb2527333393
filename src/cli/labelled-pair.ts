import type { Command } from "commander";
import { UserError } from "../foundation/errors.ts";
import type { LabelledPair, TrainAndTest } from "../index.ts";
import { columnOptions } from "./data-options.ts";

/** Options of commands that measure a model before and after. */
export type LabelsGiven = Partial<TrainAndTest>;

/** Where the labels are, if not in folders of classes. */
export const whereLabelsAre = (command: Command): Command =>
  columnOptions(
    command
      .option(
        "--train-labels <table>",
        "labels of the training data: CSV, TSV, JSONL or Parquet, with the columns path and label",
      )
      .option("--test-labels <table>", "labels of the test data, likewise"),
  );

export const labelOptions = (command: Command): Command =>
  whereLabelsAre(
    command
      .option("--train <data>", "labelled data to learn from, for accuracies before and after")
      .option("--test <data>", "labelled data to measure them on"),
  );

/** The same for commands that are about nothing else: both must be there. */
export const trainAndTestOptions = (command: Command): Command =>
  whereLabelsAre(
    command
      .requiredOption("--train <data>", "labelled data to learn from")
      .requiredOption("--test <data>", "labelled data to measure on"),
  );

/** @throws UserError when only one of the two is there, or labels of one that is not */
export function labelledPair(given: LabelsGiven): LabelledPair | undefined {
  const { train, test, trainLabels, testLabels, column, labelColumn } = given;
  if (train === undefined && trainLabels !== undefined) throw new UserError("--train-labels goes with --train");
  if (test === undefined && testLabels !== undefined) throw new UserError("--test-labels goes with --test");
  if (train === undefined && test === undefined) return undefined;
  if (train === undefined || test === undefined)
    throw new UserError(
      `--${train === undefined ? "test" : "train"} goes with --${train === undefined ? "train" : "test"}`,
    );
  return { train, test, trainLabels, testLabels, column, labelColumn };
}
