import { fewShot, fewShotTable, type OpenOptions, splitLine } from "../../index.ts";
import { labelsOptions } from "../data-options.ts";
import { wholeNumber, wholeNumbers } from "../numbers.ts";
import { openedRun, RUN } from "../opened-run.ts";
import { print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Flags extends OpenOptions {
  readonly split?: string;
  readonly ways: string;
  readonly shots: string;
  readonly queries: string;
  readonly episodes: string;
  readonly center?: boolean;
  readonly seed: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  labelsOptions(command.argument("<run>", RUN).argument("<data...>", "labelled data to draw the episodes from"))
    .option("--ways <count>", "classes per episode", "5")
    .option("--shots <counts>", "examples per class, one experiment for each, separated by commas", "1,5,20")
    .option("--queries <count>", "test samples per class", "15")
    .option("--episodes <count>", "number of episodes", "600")
    .option(
      "--split <way>",
      "examples from the training part and queries from the test part: random, group, a way of the kind's own (scaffold), a file with the columns path and split, or a column of the data",
    )
    .option("--center", "subtract the mean of all embeddings first (SimpleShot)")
    .option("--seed <seed>", "seed of the episodes", "0")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  autodidact few-shot runs/photos labelled/test --ways 5 --shots 1,5,20")
    .action(async (path: string, data: string[], { json, ...flags }: Flags) => {
      const options = {
        ...flags,
        ways: wholeNumber("ways", flags.ways, 2),
        shots: wholeNumbers("shots", flags.shots),
        queries: wholeNumber("queries", flags.queries),
        episodes: wholeNumber("episodes", flags.episodes, 2),
        seed: wholeNumber("seed", flags.seed, 0),
      };
      const run = await openedRun(path);
      const line = stageLine();
      const result = await fewShot({ run, data, ...options, onProgress: line.update }).finally(line.end);
      if (json) return printJson(result);
      if (result.splitting) print(`${splitLine(result.splitting)}\n`);
      print(fewShotTable(result));
      if (result.data.broken > 0) print(`${result.data.broken} broken entries were skipped.`);
    });
