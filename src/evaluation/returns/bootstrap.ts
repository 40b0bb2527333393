import { Rng } from "../../array/rng.ts";
import { assertScores, type Scores } from "./scores.ts";

/** An estimate and the bounds of its interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  /** How often the scores are drawn again. Default 50,000, as in the paper. */
  readonly resamples?: number;
  /** The share of the resamples' values within the interval, in (0, 1). Default 0.95. */
  readonly level?: number;
  readonly seed?: number;
}

/**
 * A statistic of scores with its stratified bootstrap percentile interval: the scores of each task are drawn again from that
 * task's, with replacement and as many as there are. With few seeds the interval is too narrow: three values have only ten
 * different resamples.
 * Agarwal et al. 2021, https://arxiv.org/abs/2108.13264.
 *
 * @param statistic is given the scores of each task; it must not keep them
 * @throws Error for no task, for a task without a score, and for scores that are no numbers
 * @example bootstrap([[1, 4, 2], [3, 3, 5]], (scores) => interquartileMean(pooled(scores)))
 */
export function bootstrap(
  scores: Scores,
  statistic: (scores: Scores) => number,
  { resamples = 50_000, level = 0.95, seed = 0 }: BootstrapOptions = {},
): Interval {
  assertScores(scores);
  const rng = new Rng(seed).split("bootstrap");
  const drawn = scores.map(({ length }) => new Float64Array(length));
  const values = new Float64Array(resamples);
  for (let at = 0; at < resamples; at++) {
    for (const [task, { length }] of scores.entries())
      for (let run = 0; run < length; run++) drawn[task]![run] = scores[task]![rng.integer(0, length - 1)]!;
    values[at] = statistic(drawn);
  }
  values.sort();
  const tail = (1 - level) / 2;
  return { value: statistic(scores), low: quantile(values, tail), high: quantile(values, 1 - tail) };
}

/** Of sorted values, interpolated linearly between neighbours, as NumPy's. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
