import { Command } from "commander";
import { complete, openRun, UserError } from "../index.ts";
import { wholeNumber } from "./evaluate.ts";
import { columns, print, printJson } from "./output.ts";

interface Given {
  readonly top: string;
  readonly tokens: string;
  readonly temperature: string;
  readonly topK: string;
  readonly seed: string;
  readonly json?: boolean;
}

export const completeCommand = (): Command =>
  new Command("complete")
    .description("fill the masks of a text, or go on with it: a look at what a language model knows")
    .argument("<run>", "run folder of a method that tells words (bert, bag-of-words, causal-lm, sentence-order)")
    .argument("<text>", 'text with masks ("the [MASK] sat"), or the beginning of one')
    .option("--top <count>", "guesses for each mask", "5")
    .option("--tokens <count>", "most tokens to write (causal models)", "40")
    .option("--temperature <number>", "0: always the likeliest word; 1: as the model has it", "1")
    .option("--top-k <count>", "words chosen among at each place; 0 for all", "50")
    .option("--seed <number>", "same seed, same text", "0")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      '\nExamples:\n  autodidact complete runs/books "the [MASK] sat on the mat"\n  autodidact complete runs/stories "Once upon a time" --tokens 60 --temperature 0.8',
    )
    .action(async (path: string, text: string, given: Given) => {
      const temperature = Number(given.temperature);
      if (!(temperature >= 0 && Number.isFinite(temperature)) || given.temperature.trim() === "")
        throw new UserError(`--temperature ${given.temperature}: must be a number of at least 0`);
      const completion = await complete({
        run: await openRun(path),
        text,
        top: wholeNumber("top", given.top),
        tokens: wholeNumber("tokens", given.tokens),
        temperature,
        topK: wholeNumber("top-k", given.topK, 0),
        seed: wholeNumber("seed", given.seed, 0),
      });
      if (given.json) return printJson(completion);
      for (const [at, guesses] of (completion.masks ?? []).entries()) {
        if (completion.masks!.length > 1) print(`mask ${at + 1}`);
        print(columns(guesses.map(({ token, probability }) => [`${(100 * probability).toFixed(1)} %`, token])));
      }
      print(completion.text);
    });
