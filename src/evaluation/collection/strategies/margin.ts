import type { Choice } from "./strategy.ts";

/**
 * Margin sampling: the samples with the smallest difference in probability between their two most probable classes.
 * Scheffer, Decomain and Wrobel 2001, https://doi.org/10.1007/3-540-44816-0_31. The score is that difference, 0 to 1.
 * @param probabilities `[rows, classes]`, rows sum to 1
 * @param free rows that may be chosen; at least as many as the budget
 */
export function margin(
  probabilities: Float32Array,
  classes: readonly string[],
  free: Int32Array,
  budget: number,
): Choice[] {
  const width = classes.length;
  const choices = [...free].map((row) => {
    const classProbabilities = probabilities.subarray(row * width, (row + 1) * width);
    const [first = 0, second = 0] = [...classProbabilities.keys()].sort(
      (a, b) => classProbabilities[b]! - classProbabilities[a]! || a - b,
    );
    const named = (label: number) => `${classes[label]} (${classProbabilities[label]!.toFixed(2)})`;
    return {
      row,
      score: classProbabilities[first]! - classProbabilities[second]!,
      reason: `${named(first)} or ${named(second)}`,
    };
  });
  return choices.sort((a, b) => a.score - b.score || a.row - b.row).slice(0, budget);
}
