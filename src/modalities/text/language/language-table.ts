import { percent } from "../../../evaluation/scores/in-words.ts";
import { alignColumns } from "../../../evaluation/worth/table.ts";
import type { LanguageEvaluation } from "./language.ts";

/** How well a language model, by its name, tells held-out text, beside words that are only counted, for the terminal. */
export function languageTable(model: string, evaluation: LanguageEvaluation): string {
  const { kind, words, samples, unknown, bitsPerByte, unigram, bigram } = evaluation;
  const told = [
    [model, evaluation],
    ["commonest after the word before", bigram],
    ["commonest word", unigram],
  ] as const;
  const rows = [
    ["", "accuracy", kind === "masked" ? "pseudo-perplexity" : "perplexity"],
    ...told.flatMap(([name, score]) => (score ? [[name, percent(score.accuracy), score.perplexity.toFixed(1)]] : [])),
  ];
  return `${alignColumns(rows)}\n${bitsPerByte.toFixed(3)} bits per byte; ${words} words of ${samples} samples, ${percent(unknown)} of them unknown`;
}
