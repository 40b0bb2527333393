import type { Rng } from "../../../array/rng.ts";
import { eachRow, type Series } from "../series.ts";

/** Adds noise to every value. */
export const jittered = (series: Series, rng: Rng, deviation: number): Series =>
  deviation === 0 ? series : eachRow(series, (row) => row.map((value) => value + rng.normal(0, deviation)));

/** Multiplies each channel by a factor around 1. */
export const scaled = (series: Series, rng: Rng, deviation: number): Series =>
  deviation === 0
    ? series
    : eachRow(series, (row) => {
        const factor = rng.normal(1, deviation);
        return row.map((value) => value * factor);
      });

/** Places along a series at which a slow change has a value of its own. */
const KNOTS = 6;

/** A function of the place in the series, 0 to 1, that changes slowly: between values at its knots by cosines. */
export function slowChange(rng: Rng, mean: number, deviation: number): (place: number) => number {
  const values = Array.from({ length: KNOTS }, () => rng.normal(mean, deviation));
  return (place) => {
    const at = place * (KNOTS - 1);
    const below = Math.min(KNOTS - 2, Math.floor(at));
    const share = (1 - Math.cos(Math.PI * (at - below))) / 2;
    return values[below]! + share * (values[below + 1]! - values[below]!);
  };
}

/** Multiplies each channel by a factor that changes slowly (magnitude warping, Um et al. 2017, https://arxiv.org/abs/1706.00527). */
export const magnitudeWarped = (series: Series, rng: Rng, deviation: number): Series =>
  deviation === 0
    ? series
    : eachRow(series, (row) => {
        const factor = slowChange(rng, 1, deviation);
        return row.map((value, at) => value * factor(at / Math.max(1, row.length - 1)));
      });
