import type { Command } from "commander";

/** `--column`: which column holds the samples, for data in a table. */
export const columnOption = (command: Command): Command =>
  command.option("--column <name>", "for tables: column with the samples, by name or, without a header, by number");

/** `--column` and `--label-column`. */
export const columnOptions = (command: Command): Command =>
  columnOption(command).option("--label-column <name>", "for tables: column with the labels");

/** `--labels`, which is a table in every command, and the columns of data in a table. */
export const labelsOptions = (command: Command): Command =>
  columnOptions(
    command.option("--labels <table>", "labels: CSV, TSV, JSONL or Parquet, with the columns path and label"),
  );
