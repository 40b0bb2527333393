import { join } from "node:path";
import { Option } from "commander";
import { openRun, type StrategyName, strategies, suggest } from "../../index.ts";
import { wholeNumber } from "../numbers.ts";
import { columns, print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Given {
  readonly budget: string;
  readonly strategy: StrategyName;
  readonly labels?: string;
  readonly labelled?: string;
  readonly column?: string;
  readonly labelColumn?: string;
  readonly out?: string;
  readonly seed: string;
  readonly json?: boolean;
}

/** Suggestions that the terminal shows; the file has them all. */
const SHOWN = 10;

export const configure: Configure = (command) =>
  command
    .argument("<run>", "run folder")
    .argument("<data>", "data to choose from")
    .option("--budget <count>", "how many to choose", "100")
    .addOption(new Option("--strategy <name>", "how to choose").choices(strategies).default("typicality"))
    .option(
      "--labels <table>",
      "labels of those that have one already: CSV, TSV, JSONL or Parquet, columns path and label",
    )
    .option("--labelled <data>", "other data that are labelled already")
    .option("--column <name>", "of a table: column with the samples, by name or, without a header, by number")
    .option("--label-column <name>", "of a table: column with the labels; rows that have one are not suggested")
    .option(
      "--out <file>",
      "CSV to write; beside it a sheet of what the samples look like, a .png (default: suggestions.csv in the run folder)",
    )
    .option("--seed <seed>", "of the random choices", "0")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact suggest runs/photos photos/ --budget 100 --out suggestions.csv\n  autodidact suggest runs/photos photos/ --labels suggestions.csv --out more.csv   # once it has a column label",
    )
    .action(async (path: string, pool: string, { json, out = join(path, "suggestions.csv"), ...given }: Given) => {
      const options = {
        ...given,
        budget: wholeNumber("budget", given.budget),
        seed: wholeNumber("seed", given.seed, 0),
      };
      const run = await openRun(path);
      const line = stageLine();
      const result = await suggest({ run, pool, out, ...options, onProgress: line.update }).finally(line.end);
      if (json) return printJson(result);
      const rows = result.suggestions
        .slice(0, SHOWN)
        .map(({ rank, path: name, score, reason }) => [`${rank}`, name, score?.toPrecision(4) ?? "", reason]);
      print(columns([["rank", "path", "score", "reason"], ...rows]));
      if (result.suggestions.length > SHOWN) print(`… and ${result.suggestions.length - SHOWN} more`);
      const { entries, labelled, broken } = result.pool;
      print(
        `\nof ${entries} samples, ${labelled} of them labelled, ${broken} broken; written: ${result.files.join(", ")}`,
      );
    });
