import { percent } from "../scores/format.ts";
import { alignColumns } from "../worth/table.ts";
import type { LanguageEvaluation } from "./language.ts";

/** A language model's scores on held-out text, next to the baselines of counted tokens, for the terminal. */
export function languageTable(model: string, evaluation: LanguageEvaluation): string {
  const { kind, words, samples, unknown, bitsPerByte, unigram, bigram } = evaluation;
  const scores = [
    [model, evaluation],
    ["most frequent after the token before", bigram],
    ["most frequent token", unigram],
  ] as const;
  const rows = [
    ["", "accuracy", kind === "masked" ? "pseudo-perplexity" : "perplexity"],
    ...scores.flatMap(([name, score]) => (score ? [[name, percent(score.accuracy), score.perplexity.toFixed(1)]] : [])),
  ];
  return `${alignColumns(rows)}\n${bitsPerByte.toFixed(3)} bits per byte; ${words} tokens of ${samples} samples, ${percent(unknown)} of them unknown`;
}
