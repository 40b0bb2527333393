import { averagePrecisionOf, rocAucOf } from "../../../evaluation/scores/ranking.ts";

/** How well scores put the positive rows above the others. */
export interface Ranking {
  /** Area under the ROC curve: the probability that a positive row has the higher score, ties counted half. */
  readonly auroc: number;
  /** Mean precision at each positive row, the rows in order of falling score; rows of one score are taken together. */
  readonly averagePrecision: number;
}

/** @param scores rows without one (NaN) are left out. @returns undefined where all rows are alike */
export function rankingOf(scores: Float32Array, isPositive: Uint8Array): Ranking | undefined {
  const known = scores.filter((score) => !Number.isNaN(score));
  const positives = isPositive.filter((_, row) => !Number.isNaN(scores[row]!));
  const [auroc, averagePrecision] = [rocAucOf(known, positives), averagePrecisionOf(known, positives)];
  return auroc === undefined || averagePrecision === undefined ? undefined : { auroc, averagePrecision };
}
