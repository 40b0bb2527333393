import type { EnvironmentDefinition, Step } from "../../../environments/environment.ts";
import { bootstrap, type Interval } from "../../../evaluation/returns/bootstrap.ts";

/** Often enough for the second digit of a bound. */
const RESAMPLES = 2000;

/**
 * What an environment measures beside success and the return, by name, each with its 95 % bootstrap interval over episodes.
 * @param ends `info` at the end of each episode, at least one
 * @returns none where the environment declares no measures
 *
 * @example
 * const { SPL } = measuresOf(navigate, played.ends);
 */
export function measuresOf(
  { measures = {} }: Pick<EnvironmentDefinition, "measures">,
  ends: readonly Step["info"][],
): Record<string, Interval> {
  const all = [Float64Array.from(ends.keys())];
  return Object.fromEntries(
    Object.entries(measures).map(([name, measure]) => {
      const statistic = ([drawn]: readonly ArrayLike<number>[]) =>
        measure(Array.from(drawn!, (episode) => ends[episode]!));
      return [name, bootstrap(all, statistic, { resamples: RESAMPLES })];
    }),
  );
}
