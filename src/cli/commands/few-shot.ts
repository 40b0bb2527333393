import { fewShot, fewShotTable, openRun } from "../../index.ts";
import { labelsOptions } from "../data-options.ts";
import { wholeNumber, wholeNumbers } from "../numbers.ts";
import { print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Given {
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

export const configure: Configure = (command) =>
  labelsOptions(
    command.argument("<run>", "run folder").argument("<data>", "labelled data that the episodes are drawn from"),
  )
    .option("--ways <count>", "classes of an episode", "5")
    .option("--shots <counts>", "examples of each class, an experiment each, with commas between", "1,5,20")
    .option("--queries <count>", "samples of each class to measure on", "15")
    .option("--episodes <count>", "how many episodes", "600")
    .option("--center", "first take the mean of all vectors from each (SimpleShot)")
    .option("--seed <seed>", "of the episodes", "0")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  autodidact few-shot runs/photos labelled/test --ways 5 --shots 1,5,20")
    .action(async (path: string, data: string, { json, ...given }: Given) => {
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
      const result = await fewShot({ run, data, ...options, onProgress: line.update }).finally(line.end);
      if (json) return printJson(result);
      print(fewShotTable(result));
      if (result.data.broken > 0) print(`${result.data.broken} broken entries were left out.`);
    });
