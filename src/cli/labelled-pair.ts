import type { Command } from "commander";
import { UserError } from "../foundation/errors.ts";
import { type LabelledPair, type TrainAndTest, tableOptionsOf } from "../index.ts";
import { columnOptions } from "./data-options.ts";

/** Flags of commands that evaluate a model before and after. */
export type LabelFlags = Partial<TrainAndTest>;

/** The same by name: what a continued run may be given anew. */
export const LABEL_FLAGS = [
  ...["train", "test", "trainLabels", "testLabels"],
  ...["column", "labelColumn", "by", "time", "group"],
];

/** Flags that say where the labels are, unless each class has a folder. */
export const labelTableOptions = (command: Command): Command =>
  columnOptions(
    command
      .option(
        "--train-labels <table>",
        "labels of the training data: CSV, TSV, JSONL or Parquet, with the columns path and label",
      )
      .option("--test-labels <table>", "labels of the test data, in the same format"),
  );

export const labelOptions = (command: Command): Command =>
  labelTableOptions(
    command
      .option("--train <data...>", "labelled training data, for the accuracy before and after")
      .option("--test <data...>", "labelled test data, for the accuracy before and after"),
  );

/** The same for commands that need both. */
export const trainAndTestOptions = (command: Command): Command =>
  labelTableOptions(
    command
      .requiredOption("--train <data...>", "labelled training data")
      .option("--test <data...>", "labelled test data"),
  );

/** `--split`, for data without test data of their own. */
export const splitOption = (command: Command): Command =>
  command.option(
    "--split <way>",
    "instead of --test: random, group (see --group), a way of the kind's own (scaffold), a file with the columns path and split, or a column of the data",
  );

/** @throws UserError when only one of the two is set, or labels without their data */
export function labelledPair(flags: LabelFlags): LabelledPair | undefined {
  const { train, test, trainLabels, testLabels } = flags;
  if (train === undefined && trainLabels !== undefined) throw new UserError("--train-labels needs --train");
  if (test === undefined && testLabels !== undefined) throw new UserError("--test-labels needs --test");
  if (train === undefined && test === undefined) return undefined;
  if (train === undefined || test === undefined)
    throw new UserError(
      `--${train === undefined ? "test" : "train"} needs --${train === undefined ? "train" : "test"}`,
    );
  return { train, test, trainLabels, testLabels, ...tableOptionsOf(flags) };
}
