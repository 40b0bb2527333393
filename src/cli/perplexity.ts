import { Command } from "commander";
import { evaluateLanguage, openRun } from "../index.ts";
import { wholeNumber } from "./evaluate.ts";
import { columns, print, printJson } from "./output.ts";
import { stageLine } from "./progress.ts";

interface Given {
  readonly train?: string;
  readonly column?: string;
  readonly samples?: string;
  readonly seed: string;
  readonly json?: boolean;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

export const perplexityCommand = (): Command =>
  new Command("perplexity")
    .description("how well a language model tells held-out text: accuracy, perplexity, bits per byte")
    .argument("<run>", "run folder of a method that tells words (bert, causal-lm, sentence-order)")
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
      const { kind, words, samples, unknown, bitsPerByte, unigram, bigram } = result;
      const rows = [
        [run.config.method.name, result] as const,
        ...(bigram ? [["commonest after the word before", bigram] as const] : []),
        ...(unigram ? [["commonest word", unigram] as const] : []),
      ];
      print(
        columns([
          ["", "accuracy", kind === "masked" ? "pseudo-perplexity" : "perplexity"],
          ...rows.map(([name, { accuracy, perplexity }]) => [name, percent(accuracy), perplexity.toFixed(1)]),
        ]),
      );
      print(
        `${bitsPerByte.toFixed(3)} bits per byte; ${words} words of ${samples} samples, ${percent(unknown)} of them unknown`,
      );
    });
