import { Command } from "commander";
import { evaluateLanguage, languageTable, openRun } from "../index.ts";
import { wholeNumber } from "./evaluate.ts";
import { print, printJson } from "./output.ts";
import { stageLine } from "./progress.ts";

interface Given {
  readonly train?: string;
  readonly column?: string;
  readonly samples?: string;
  readonly seed: string;
  readonly json?: boolean;
}

export const perplexityCommand = (): Command =>
  new Command("perplexity")
    .description("how well a language model tells held-out text: accuracy, perplexity, bits per byte")
    .argument("<run>", "run folder of a method that tells words (bert, bag-of-words, causal-lm, sentence-order)")
    .argument("<data>", "text that it has not learned from")
    .option("--train <data>", "text to count words in: the commonest word, and the commonest after another, beside it")
    .option("--column <name>", "column with the texts, by name or, without a header, by number (default: text)")
    .option("--samples <count>", "most samples to look at, drawn at random; all by default")
    .option("--seed <seed>", "of the masks and of that draw", "0")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  autodidact perplexity runs/books held-out.txt --train corpus.txt")
    .action(async (path: string, data: string, { json, ...given }: Given) => {
      const run = await openRun(path);
      const line = stageLine();
      const result = await evaluateLanguage({
        ...{ run, data, train: given.train, column: given.column, seed: wholeNumber("seed", given.seed, 0) },
        ...(given.samples === undefined ? {} : { samples: wholeNumber("samples", given.samples) }),
        onProgress: (done, total) => line.update("samples", done, total),
      }).finally(line.end);
      if (json) return printJson(result);
      print(languageTable(run.config.method.name, result));
    });
