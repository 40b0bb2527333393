import type { Choice } from "./strategy.ts";

/**
 * Margin sampling: the samples whose two likeliest classes are nearest to each other in probability. Scheffer, Decomain
 * and Wrobel 2001, https://doi.org/10.1007/3-540-44816-0_31. The score is that difference, 0 to 1: smaller is more doubtful.
 * @param probabilities `[rows, classes]`, rows sum to 1
 * @param free rows that may be chosen; no fewer than the budget
 */
export function margin(
  probabilities: Float32Array,
  classes: readonly string[],
  free: Int32Array,
  budget: number,
): Choice[] {
  const width = classes.length;
  const doubts = [...free].map((row) => {
    const own = probabilities.subarray(row * width, (row + 1) * width);
    const [first = 0, second = 0] = [...own.keys()].sort((a, b) => own[b]! - own[a]! || a - b);
    const named = (label: number) => `${classes[label]} (${own[label]!.toFixed(2)})`;
    return { row, score: own[first]! - own[second]!, reason: `${named(first)} or ${named(second)}` };
  });
  return doubts.sort((a, b) => a.score - b.score || a.row - b.row).slice(0, budget);
}
