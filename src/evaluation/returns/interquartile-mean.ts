/**
 * The interquartile mean (IQM): the mean without the lowest and the highest quarter of the scores, each rounded down to whole
 * scores, as SciPy's `trim_mean(scores, 0.25)`. It is the mean of fewer than four scores. Less swayed by one lucky seed than
 * the mean, and a better estimate from few seeds than the median.
 * Agarwal et al. 2021, https://arxiv.org/abs/2108.13264.
 *
 * @param scores at least one, in any order
 * @example interquartileMean([1, 2, 3, 40]) // 2.5
 */
export function interquartileMean(scores: ArrayLike<number>): number {
  if (scores.length === 0) throw new Error("the mean of no scores");
  const sorted = Float64Array.from(scores).sort();
  const cut = Math.floor(sorted.length / 4);
  let sum = 0;
  for (let at = cut; at < sorted.length - cut; at++) sum += sorted[at]!;
  return sum / (sorted.length - 2 * cut);
}
