import type { Totals } from "./layout.ts";

type Total = Totals[string];

/** Sums over rows of numbers. @param values `[rows, width]` */
export function totalOf(values: Float32Array, width: number): Total {
  const count = values.length / width;
  const [min, max] = [
    Array<number>(width).fill(Number.POSITIVE_INFINITY),
    Array<number>(width).fill(Number.NEGATIVE_INFINITY),
  ];
  const [mean, squares] = [Array<number>(width).fill(0), Array<number>(width).fill(0)];
  for (let row = 0; row < count; row++)
    for (let at = 0; at < width; at++) {
      const value = values[row * width + at]!;
      min[at] = Math.min(min[at]!, value);
      max[at] = Math.max(max[at]!, value);
      const difference = value - mean[at]!;
      mean[at]! += difference / (row + 1);
      squares[at]! += difference * (value - mean[at]!);
    }
  return { count, min, max, mean, squares };
}

/** The sums over both (Chan et al. 1979). */
function joined(one: Total, other: Total): Total {
  const count = one.count + other.count;
  const each = <Result>(work: (at: number) => Result): Result[] => one.mean.map((_, at) => work(at));
  const apart = each((at) => other.mean[at]! - one.mean[at]!);
  return {
    count,
    min: each((at) => Math.min(one.min[at]!, other.min[at]!)),
    max: each((at) => Math.max(one.max[at]!, other.max[at]!)),
    mean: each((at) => one.mean[at]! + (apart[at]! * other.count) / count),
    squares: each((at) => one.squares[at]! + other.squares[at]! + (apart[at]! ** 2 * one.count * other.count) / count),
  };
}

/** The sums over the frames of both, by column. */
export const sumOf = (one: Totals, other: Totals): Totals =>
  Object.fromEntries(
    [...new Set([...Object.keys(one), ...Object.keys(other)])].map((name) => {
      const [first, second] = [one[name], other[name]];
      return [name, first && second ? joined(first, second) : (first ?? second)!];
    }),
  );

/** As `meta/stats.json` has them: min, max, mean, std and count by column. */
export const statsOf = (totals: Totals): Record<string, Record<string, number[]>> =>
  Object.fromEntries(
    Object.entries(totals).map(([name, { count, min, max, mean, squares }]) => [
      name,
      { min, max, mean, std: squares.map((sum) => Math.sqrt(sum / Math.max(1, count))), count: [count] },
    ]),
  );
