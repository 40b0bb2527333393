import { join } from "node:path";
import { Option } from "commander";
import { type OpenOptions, type StrategyName, strategies, suggest } from "../../index.ts";
import { columnOption, DATA, givenPaths } from "../data-options.ts";
import { wholeNumber } from "../numbers.ts";
import { openedRun, RUN } from "../opened-run.ts";
import { columns, print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Flags extends OpenOptions {
  readonly budget: string;
  readonly strategy: StrategyName;
  readonly labelled?: string[];
  readonly out?: string;
  readonly seed: string;
  readonly json?: boolean;
}

/** Suggestions shown in the terminal; the file has all of them. */
const SHOWN = 10;

export const configure: Configure = (command) =>
  columnOption(command.argument("<run>", RUN).argument("<data...>", `data to choose from: ${DATA}`))
    .option("--budget <count>", "number of samples to suggest", "100")
    .addOption(new Option("--strategy <name>", "selection strategy").choices(strategies).default("typicality"))
    .option("--labels <table>", "existing labels: CSV, TSV, JSONL or Parquet, with the columns path and label")
    .option("--labelled <data...>", "other data that is labelled already")
    .option("--label-column <name>", "for tables: column with the labels; labelled rows are not suggested")
    .option(
      "--out <file>",
      "CSV to write, with a .png sheet of the samples next to it (default: suggestions.csv in the run folder)",
    )
    .option("--seed <seed>", "seed of the random choices", "0")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact suggest runs/photos photos/ --budget 100 --out suggestions.csv\n  autodidact suggest runs/photos photos/ --labels suggestions.csv --out more.csv   # once it has a label column",
    )
    .action(async (path: string, pool: string[], { json, out = join(path, "suggestions.csv"), ...flags }: Flags) => {
      const options = {
        ...flags,
        budget: wholeNumber("budget", flags.budget),
        seed: wholeNumber("seed", flags.seed, 0),
      };
      const run = await openedRun(path);
      const line = stageLine();
      const result = await suggest({ run, pool: givenPaths(pool), out, ...options, onProgress: line.update }).finally(
        line.end,
      );
      if (json) return printJson(result);
      const rows = result.suggestions
        .slice(0, SHOWN)
        .map(({ rank, path: name, score, reason }) => [`${rank}`, name, score?.toPrecision(4) ?? "", reason]);
      print(columns([["rank", "path", "score", "reason"], ...rows]));
      if (result.suggestions.length > SHOWN) print(`… and ${result.suggestions.length - SHOWN} more`);
      const { entries, labelled, broken } = result.pool;
      print(
        `\n${entries} samples, ${labelled} of them labelled, ${broken} broken; written: ${result.files.join(", ")}`,
      );
    });
