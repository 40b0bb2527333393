import type { Rng } from "../../../array/rng.ts";
import { eachRow, type Series, sampledAt } from "../series.ts";
import { slowChange } from "./noise.ts";

/** Time passes at least this share of its usual speed. */
const SLOWEST = 0.1;

/**
 * The steps from `start` to `end` as `length` steps, between which time passes unevenly (time warping, Um et al. 2017,
 * https://arxiv.org/abs/1706.00527).
 * @param deviation of the speed, around 1; 0 for a plain stretch
 */
export function timeWarped(
  series: Series,
  rng: Rng,
  { start, end, length, deviation }: { start: number; end: number; length: number; deviation: number },
): Series {
  const speed = deviation === 0 ? () => 1 : slowChange(rng, 1, deviation);
  const places = new Float64Array(length);
  let passed = 0;
  for (let at = 1; at < length; at++) {
    passed += Math.max(SLOWEST, speed((at - 0.5) / (length - 1)));
    places[at] = passed;
  }
  const scale = passed > 0 ? (end - 1 - start) / passed : 0;
  // The last place is exact, so that nothing lies beyond the end.
  const moved = places.map((place, at) => (at === length - 1 && length > 1 ? end - 1 : start + place * scale));
  return sampledAt(series, moved);
}

/** Parts of random length in another order. */
export function permuted(series: Series, rng: Rng, most: number): Series {
  const { length } = series;
  const count = Math.min(length, rng.integer(2, most));
  if (count < 2) return series;
  // The cuts are distinct, so that no part is empty.
  const cuts = rng
    .permutation(length - 1)
    .slice(0, count - 1)
    .map((at) => at + 1)
    .sort();
  const edges = [0, ...cuts, length];
  let order = rng.permutation(count);
  while (order.every((at, index) => at === index)) order = rng.permutation(count);
  return eachRow(series, (row) => {
    const result = new Float32Array(length);
    let at = 0;
    for (const part of order) {
      const piece = row.subarray(edges[part]!, edges[part + 1]!);
      result.set(piece, at);
      at += piece.length;
    }
    return result;
  });
}

export const reversed = (series: Series): Series => eachRow(series, (row) => row.toReversed());
