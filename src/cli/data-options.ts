import type { Command } from "commander";
import type { Paths } from "../index.ts";

/** The data that a command names: none, one path or several. */
export const pathsOf = (data: readonly string[] = []): Paths | undefined => (data.length > 1 ? data : data[0]);

/** The same where a command needs some. */
export const givenPaths = (data: readonly string[]): Paths => pathsOf(data) ?? data;

/** What may be data, in the help of arguments. */
export const DATA = "a folder, an archive, a file; several, or @list.txt with a path in each line, are read as one";

/** Which columns hold the samples, and which rows make one, for data in a table. */
export const columnOption = (command: Command): Command =>
  command
    .option(
      "--column <name>",
      "for tables: column with the samples, by name or, without a header, by number; of images with captions those with the captions: name,keywords (two of them) or name+keywords (joined)",
    )
    .option(
      "--by <name>",
      "for tables with several rows a sample: column that tells the samples apart (machine, patient); of images with captions what each shows",
    )
    .option("--time <name>", "for tables with several rows a sample: column with the times of the rows");

/** These, where the labels are, and what belongs together. */
export const columnOptions = (command: Command): Command =>
  columnOption(command)
    .option(
      "--label-column <name>",
      "for tables: column with the labels; several of 0 and 1 or of numbers, separated by commas",
    )
    .option(
      "--group <name>",
      "what no split cuts through (speaker, patient): a column of the data or of the table of labels, or a pattern for names with a part in parentheses: ^(s\\d+)_",
    );

/** `--labels`, which is a table in every command, and the columns of data in a table. */
export const labelsOptions = (command: Command): Command =>
  columnOptions(
    command.option("--labels <table>", "labels: CSV, TSV, JSONL or Parquet, with the columns path and label"),
  );
