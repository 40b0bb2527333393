import { Command } from "commander";
import { fewShot, fewShotTable, openRun, UserError } from "../index.ts";
import { wholeNumber } from "./evaluate.ts";
import { print, printJson } from "./output.ts";
import { stageLine } from "./progress.ts";

interface Given {
  readonly data: string;
  readonly labels?: string;
  readonly column?: string;
  readonly labelColumn?: string;
  readonly ways: string;
  readonly shots: string;
  readonly queries: string;
  readonly episodes: string;
  readonly center?: boolean;
  readonly seed: string;
  readonly json?: boolean;
}

export const fewShotCommand = (): Command =>
  new Command("few-shot")
    .description("measure a representation by a few examples a class: nearest centroid, over many small episodes")
    .argument("<run>", "run folder")
    .requiredOption("--data <data>", "labelled data that the episodes are drawn from")
    .option("--labels <table>", "labels: CSV, TSV, JSONL or Parquet, columns path and label")
    .option("--column <name>", "of a table: column with the texts, by name or, without a header, by number")
    .option("--label-column <name>", "of a table: column with the labels")
    .option("--ways <count>", "classes of an episode", "5")
    .option("--shots <counts>", "examples of each class, an experiment each, with commas between", "1,5,20")
    .option("--queries <count>", "samples of each class to be judged on", "15")
    .option("--episodes <count>", "how many episodes", "600")
    .option("--center", "first take the mean of all vectors from each (SimpleShot)")
    .option("--seed <seed>", "of the episodes", "0")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  autodidact few-shot runs/photos --data labelled/test --ways 5 --shots 1,5,20")
    .action(async (path: string, { json, ...given }: Given) => {
      const options = {
        ...given,
        ways: wholeNumber("ways", given.ways, 2),
        shots: wholeNumbers("shots", given.shots),
        queries: wholeNumber("queries", given.queries),
        episodes: wholeNumber("episodes", given.episodes, 2),
        seed: wholeNumber("seed", given.seed, 0),
      };
      const run = await openRun(path);
      const line = stageLine();
      const result = await fewShot({ run, ...options, onProgress: line.update }).finally(line.end);
      if (json) return printJson(result);
      print(fewShotTable(result));
      if (result.data.broken > 0) print(`${result.data.broken} broken entries were left out.`);
    });

/** @throws UserError when the text is not whole numbers, each of at least 1 and once, with commas between */
function wholeNumbers(flag: string, text: string): number[] {
  const values = text.split(",").map((part) => wholeNumber(flag, part.trim()));
  if (new Set(values).size === values.length) return values;
  throw new UserError(`--${flag} ${text}: a number stands there twice`);
}
