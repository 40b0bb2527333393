/** How well scores put the positive rows above the others. */
export interface Ranking {
  /** Area under the ROC curve: the probability that a positive row has the higher score, ties counted half. */
  readonly auroc: number;
  /** Mean precision at each positive row, the rows in order of falling score; rows of one score are taken together. */
  readonly averagePrecision: number;
}

/** @param scores rows without one (NaN) are left out. @returns undefined where all rows are alike */
export function rankingOf(scores: Float32Array, isPositive: Uint8Array): Ranking | undefined {
  const order = Int32Array.from(scores.keys())
    .filter((row) => !Number.isNaN(scores[row]!))
    .sort((a, b) => scores[b]! - scores[a]!);
  const positives = order.reduce((sum, row) => sum + isPositive[row]!, 0);
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  let [found, others, area, precisions] = [0, 0, 0, 0];
  for (let at = 0; at < order.length; ) {
    const score = scores[order[at]!]!;
    let [here, beside] = [0, 0];
    for (; at < order.length && scores[order[at]!] === score; at++) {
      here += isPositive[order[at]!]!;
      beside += 1 - isPositive[order[at]!]!;
    }
    // Negatives of lower scores are below these, those of the same score half.
    area += here * (negatives - others - beside / 2);
    found += here;
    others += beside;
    precisions += (here * found) / (found + others);
  }
  return { auroc: area / positives / negatives, averagePrecision: precisions / positives };
}
