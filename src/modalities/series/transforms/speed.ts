import type { Rng } from "../../../array/rng.ts";
import { eachRow, type Series } from "../series.ts";

/** Half the width of the smoothing, in steps of what is played. */
const REACH = 1.5;

/**
 * A series played `factor` times as fast: `length` steps from `start`. Nothing but the series itself tells the speed:
 *
 * - Every speed is smoothed over as many of its own steps, also the normal one, so that what is faster than they are does
 *   not alias and noise has the same spectrum at all speeds.
 * - Smoothing over more readings would leave less noise, and the quieter series would be the faster one. So noise is put
 *   back: what the smoothing took away, in random order, in the amount that white noise lost. At speeds below 1 there is
 *   nothing to put back, and steps between readings are smoother.
 */
export function played(series: Series, rng: Rng, start: number, factor: number, length: number): Series {
  const wide = Math.max(1, factor);
  const share = Math.sqrt((1 - 1 / wide) / takenFrom(wide));
  return eachRow(
    series,
    (row) => {
      const smooth = Float32Array.from({ length }, (_, at) => smoothedAt(row, start + at * factor, wide));
      if (share === 0) return smooth;
      const lost = restOf(row, start, (length - 1) * factor, wide);
      if (lost.length === 0) return smooth;
      // Longer by a step at both ends, for the smoothing.
      const noise = Float32Array.from({ length: length + 2 }, () => lost[rng.integer(0, lost.length - 1)]!);
      return smooth.map((value, at) => value + share * smoothedAt(noise, at + 1, 1));
    },
    length,
  );
}

/** Readings at either end of a series that are smoothed over less. */
export const marginOf = (factor: number): number => Math.ceil(REACH * Math.max(1, factor)) - 1;

/** Hann's window over `REACH` steps before and after, each of `wide` readings. */
const weightOf = (distance: number, wide: number): number =>
  Math.abs(distance) < REACH * wide ? Math.cos((Math.PI * distance) / (2 * REACH * wide)) ** 2 : 0;

/** The weighted mean around a place, of what is there; missing where the nearest reading is, or outside. */
function smoothedAt(row: Float32Array, place: number, wide: number): number {
  if (Number.isNaN(row[Math.round(place)] ?? Number.NaN)) return Number.NaN;
  let [sum, total] = [0, 0];
  const reach = REACH * wide;
  const last = Math.min(row.length - 1, Math.floor(place + reach));
  for (let at = Math.max(0, Math.ceil(place - reach)); at <= last; at++) {
    const weight = weightOf(at - place, wide);
    if (weight === 0 || Number.isNaN(row[at]!)) continue;
    sum += weight * row[at]!;
    total += weight;
  }
  return total > 0 ? sum / total : Number.NaN;
}

/** What the smoothing takes away from each reading of a stretch. */
function restOf(row: Float32Array, start: number, extent: number, wide: number): Float32Array {
  const from = Math.max(marginOf(wide), Math.round(start));
  const to = Math.min(row.length - marginOf(wide), Math.round(start + extent) + 1);
  return Float32Array.from({ length: Math.max(0, to - from) }, (_, at) => {
    const place = from + at;
    return row[place]! - smoothedAt(row, place, wide);
  }).filter((value) => !Number.isNaN(value));
}

/** Variance of what the smoothing takes away from white noise of variance 1. */
function takenFrom(wide: number): number {
  const half = Math.ceil(REACH * wide);
  const weights = Array.from({ length: 2 * half + 1 }, (_, at) => weightOf(at - half, wide));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const squares = weights.reduce((sum, weight) => sum + (weight / total) ** 2, 0);
  return 1 - (2 * weights[half]!) / total + squares;
}
