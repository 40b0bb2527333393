import { wholeNumber } from "../../../cli/numbers.ts";
import { print, printJson } from "../../../cli/output.ts";
import { stageLine } from "../../../cli/progress.ts";
import type { Configure } from "../../../cli/table.ts";
import { openRun } from "../../../training/run/run.ts";
import { evaluateLanguage } from "../language/language.ts";
import { languageTable } from "../language/language-table.ts";

interface Flags {
  readonly train?: string;
  readonly column?: string;
  readonly samples?: string;
  readonly seed: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  command
    .argument("<run>", "run folder of a method that predicts tokens (bert, bag-of-words, causal-lm, sentence-order)")
    .argument("<data>", "held-out text that the run was not trained on")
    .option("--train <data>", "text for the baselines: the most frequent token, and the most frequent after each token")
    .option("--column <name>", "column with the texts, by name or, without a header, by number (default: text)")
    .option("--samples <count>", "most samples to evaluate, drawn at random; all by default")
    .option("--seed <seed>", "seed of the masks and of the drawn samples", "0")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  autodidact text perplexity runs/books held-out.txt --train corpus.txt")
    .action(async (path: string, data: string, { json, ...flags }: Flags) => {
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
