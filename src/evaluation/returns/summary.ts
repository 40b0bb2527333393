import { type BootstrapOptions, bootstrap, type Interval } from "./bootstrap.ts";
import { probabilityOfImprovement } from "./improvement.ts";
import { interquartileMean } from "./interquartile-mean.ts";
import { pooled, type Scores } from "./scores.ts";

/**
 * The interquartile mean over tasks and seeds with its interval.
 *
 * @param scores for each task the return of each seed
 * @throws Error as `bootstrap`
 * @example returnsSummary([[4210, 3870, 4500]]) // { value: 4193.3, low: 3870, high: 4500 }
 */
export const returnsSummary = (scores: Scores, options?: BootstrapOptions): Interval =>
  bootstrap(scores, (drawn) => interquartileMean(pooled(drawn)), options);

/**
 * The probability that the first agent's run scores higher, with its interval. The runs of both are drawn again.
 *
 * @throws Error as `bootstrap` and `probabilityOfImprovement`
 * @example improvementSummary([[3, 4, 5]], [[1, 2, 4]], { resamples: 2000 })
 */
export const improvementSummary = (first: Scores, second: Scores, options?: BootstrapOptions): Interval =>
  bootstrap(
    [...first, ...second],
    (drawn) => probabilityOfImprovement(drawn.slice(0, first.length), drawn.slice(first.length)),
    options,
  );
