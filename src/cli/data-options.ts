import type { Command } from "commander";

/** `--column`: where the samples are, when the data are a table. */
export const columnOption = (command: Command): Command =>
  command.option("--column <name>", "of a table: column with the samples, by name or, without a header, by number");

/** `--column` and `--label-column`. */
export const columnOptions = (command: Command): Command =>
  columnOption(command).option("--label-column <name>", "of a table: column with the labels");

/** `--labels`, a table everywhere, and the columns of data that are a table themselves. */
export const labelsOptions = (command: Command): Command =>
  columnOptions(
    command.option("--labels <table>", "labels: CSV, TSV, JSONL or Parquet, with the columns path and label"),
  );
