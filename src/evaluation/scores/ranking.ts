/** Rows by falling score; those of one score in one group. */
function ranked(scores: ArrayLike<number>, positives: ArrayLike<number>): { positive: number; negative: number }[] {
  const order = Int32Array.from({ length: scores.length }, (_, row) => row).sort((a, b) => scores[b]! - scores[a]!);
  const groups: { positive: number; negative: number }[] = [];
  let before: number | undefined;
  for (const row of order) {
    if (scores[row] !== before) groups.push({ positive: 0, negative: 0 });
    before = scores[row]!;
    const group = groups.at(-1)!;
    if (positives[row] === 1) group.positive++;
    else group.negative++;
  }
  return groups;
}

/**
 * Area under the ROC curve: the probability that a positive row has a higher score than a negative one, a half where both have
 * the same.
 * @param positives 1 for positive rows
 * @returns undefined when all rows are of one class
 */
export function rocAucOf(scores: ArrayLike<number>, positives: ArrayLike<number>): number | undefined {
  let [above, negatives, pairs] = [0, 0, 0];
  for (const { positive, negative } of ranked(scores, positives)) {
    pairs += negative * (above + positive / 2);
    above += positive;
    negatives += negative;
  }
  return above > 0 && negatives > 0 ? pairs / (above * negatives) : undefined;
}

/**
 * Average precision: the mean, over the positive rows, of the share of positive ones among all with at least that score.
 * @param positives 1 for positive rows
 * @returns undefined when there is none
 */
export function averagePrecisionOf(scores: ArrayLike<number>, positives: ArrayLike<number>): number | undefined {
  let [found, seen, sum] = [0, 0, 0];
  for (const { positive, negative } of ranked(scores, positives)) {
    found += positive;
    seen += positive + negative;
    sum += (positive * found) / seen;
  }
  return found > 0 ? sum / found : undefined;
}
