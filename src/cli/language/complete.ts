import { complete, openRun } from "../../index.ts";
import { numberFrom, wholeNumber } from "../numbers.ts";
import { columns, print, printJson } from "../output.ts";
import type { Configure } from "../table.ts";

interface Flags {
  readonly top: string;
  readonly tokens: string;
  readonly temperature: string;
  readonly topK: string;
  readonly seed: string;
  readonly json?: boolean;
}

/** How a kind of data speaks of what is filled in or continued. */
export interface CompleteWords {
  /** What `<text>` is: `text with masks ("the [MASK] sat"), or the beginning of one`. */
  readonly text: string;
  readonly examples: readonly string[];
}

/** The command that fills masks or continues, for kinds of data whose samples are tokens. */
export const completing =
  ({ text: description, examples }: CompleteWords): Configure =>
  (command) =>
    command
      .argument("<run>", "run folder of a method that predicts tokens (bert, bag-of-words, causal-lm, sentence-order)")
      .argument("<text>", description)
      .option("--top <count>", "candidates for each mask", "5")
      .option("--tokens <count>", "most tokens to write (causal models)", "40")
      .option("--temperature <number>", "0: always the most likely token; 1: the model's own probabilities", "1")
      .option("--top-k <count>", "how many of the most likely tokens to draw from; 0 for all", "50")
      .option("--seed <number>", "same seed, same text", "0")
      .option("--json", "print JSON")
      .addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}`)
      .action(async (path: string, text: string, flags: Flags) => {
        const temperature = numberFrom("temperature", flags.temperature, 0);
        const completion = await complete({
          run: await openRun(path),
          text,
          top: wholeNumber("top", flags.top),
          tokens: wholeNumber("tokens", flags.tokens),
          temperature,
          topK: wholeNumber("top-k", flags.topK, 0),
          seed: wholeNumber("seed", flags.seed, 0),
        });
        if (flags.json) return printJson(completion);
        for (const [at, candidates] of (completion.masks ?? []).entries()) {
          if (completion.masks!.length > 1) print(`mask ${at + 1}`);
          print(columns(candidates.map(({ token, probability }) => [`${(100 * probability).toFixed(1)} %`, token])));
        }
        print(completion.text);
      });
