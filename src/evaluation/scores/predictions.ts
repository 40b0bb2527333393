import type { Answers } from "../../data/index.ts";

/** A predicted class and its probability in [0, 1]. */
export interface RankedClass {
  readonly prediction: string;
  readonly probability: number;
}

/** The `top` most probable outputs, most probable first. @param probabilities one row, `[outputs.length]` */
export function likeliest(outputs: readonly string[], probabilities: Float32Array, top: number): RankedClass[] {
  return outputs
    .map((prediction, output) => ({ prediction, probability: probabilities[output]! }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}

/** Labels with a probability of at least 0.5. */
export const chosenLabels = (outputs: readonly string[], probabilities: Float32Array): string[] =>
  outputs.filter((_, output) => probabilities[output]! >= 0.5);

/**
 * The most probable label of each unit: a letter each, or words with blanks between them.
 * @param row of one sample, `[places × outputs]`, NaN for tokens that stand for no unit
 */
export function unitPredictions(outputs: readonly string[], row: Float32Array): string {
  const width = outputs.length;
  const labels: string[] = [];
  for (let at = 0; at < row.length; at += width) {
    if (Number.isNaN(row[at]!)) continue;
    let best = 0;
    for (let output = 1; output < width; output++) if (row[at + output]! > row[at + best]!) best = output;
    labels.push(outputs[best]!);
  }
  return labels.join(outputs.some((name) => name.length > 1) ? " " : "");
}

/** The prediction for one sample. */
export type Prediction =
  | { readonly prediction: string }
  | (RankedClass & { readonly top?: readonly RankedClass[] })
  | { readonly predictions: readonly string[]; readonly probabilities: Readonly<Record<string, number>> }
  | Readonly<Record<string, number>>;

/**
 * Names one row of outputs: the most probable class (and the `top` classes if more than 1), or every label's probability
 * and the labels of at least 0.5, or the value, or a label for each unit of the sample.
 */
export function prediction({ task, outputs }: Answers, row: Float32Array, top = 1): Prediction {
  const all = () => Object.fromEntries(outputs.map((name, output) => [name, row[output]!]));
  if (task === "multi-label") return { predictions: chosenLabels(outputs, row), probabilities: all() };
  if (task === "token-classification") return { prediction: unitPredictions(outputs, row) };
  if (task !== "classification") return all();
  const ranked = likeliest(outputs, row, top);
  return { ...ranked[0]!, ...(top > 1 ? { top: ranked } : {}) };
}
