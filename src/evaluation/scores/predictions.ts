import type { Answers } from "../../data/index.ts";

/** A guess and how sure the model is of it, in [0, 1]. */
export interface RankedClass {
  readonly prediction: string;
  readonly probability: number;
}

/** The `top` likeliest outputs, likeliest first. @param probabilities one row, `[outputs.length]` */
export function likeliest(outputs: readonly string[], probabilities: Float32Array, top: number): RankedClass[] {
  return outputs
    .map((prediction, output) => ({ prediction, probability: probabilities[output]! }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}

/** Labels that are more likely than not. */
export const chosenLabels = (outputs: readonly string[], probabilities: Float32Array): string[] =>
  outputs.filter((_, output) => probabilities[output]! >= 0.5);

/** What is predicted of one sample. */
export type Prediction =
  | (RankedClass & { readonly top?: readonly RankedClass[] })
  | { readonly predictions: readonly string[]; readonly probabilities: Readonly<Record<string, number>> }
  | Readonly<Record<string, number>>;

/**
 * One row of outputs in words: the likeliest class (and `top` of them where more than one is asked for), or every label's
 * probability and which are at least 0.5, or the value.
 */
export function prediction({ task, outputs }: Answers, row: Float32Array, top = 1): Prediction {
  const all = () => Object.fromEntries(outputs.map((name, output) => [name, row[output]!]));
  if (task === "multi-label") return { predictions: chosenLabels(outputs, row), probabilities: all() };
  if (task !== "classification") return all();
  const guesses = likeliest(outputs, row, top);
  return { ...guesses[0]!, ...(top > 1 ? { top: guesses } : {}) };
}
