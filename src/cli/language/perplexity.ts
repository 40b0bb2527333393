import { evaluateLanguage, languageTable, openRun } from "../../index.ts";
import { wholeNumber } from "../numbers.ts";
import { print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Flags {
  readonly train?: string[];
  readonly column?: string;
  readonly samples?: string;
  readonly seed: string;
  readonly json?: boolean;
}

/** How a kind of data speaks of what is predicted. */
export interface PerplexityWords {
  /** What the samples are: `text`. */
  readonly what: string;
  /** What `--column` names, with its default: `column with the texts, … (default: text)`. */
  readonly column: string;
  readonly example: string;
}

/** The command that measures predictions of held-out tokens, for kinds of data whose samples are tokens. */
export const measuringPerplexity =
  ({ what, column, example }: PerplexityWords): Configure =>
  (command) =>
    command
      .argument("<run>", "run folder of a method that predicts tokens (bert, bag-of-words, causal-lm, sentence-order)")
      .argument("<data...>", `held-out ${what} that the run was not trained on`)
      .option(
        "--train <data...>",
        `${what} for the baselines: the most frequent token, and the most frequent after each token`,
      )
      .option("--column <name>", column)
      .option("--samples <count>", "most samples to evaluate, drawn at random; all by default")
      .option("--seed <seed>", "seed of the masks and of the drawn samples", "0")
      .option("--json", "print JSON")
      .addHelpText("after", `\nExample:\n  ${example}`)
      .action(async (path: string, data: string[], { json, ...flags }: Flags) => {
        const run = await openRun(path);
        const line = stageLine();
        const result = await evaluateLanguage({
          ...{ run, data, train: flags.train, column: flags.column, seed: wholeNumber("seed", flags.seed, 0) },
          ...(flags.samples === undefined ? {} : { samples: wholeNumber("samples", flags.samples) }),
          onProgress: (done, total) => line.update("samples", done, total),
        }).finally(line.end);
        if (json) return printJson(result);
        print(languageTable(run.config.method.name, result));
      });
