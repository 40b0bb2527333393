/** How a number is spread over data: it is cut to [low, high], and has this mean and deviation then. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  /** Above 0; 1 of a number that is always the same. */
  readonly deviation: number;
}

/**
 * Measures numbers over samples. Descriptors have heavy tails, and single values would outweigh all others.
 * @param rows each sample's numbers, `[size]` each; what is not finite is left out
 * @param options.tail share that is cut off at each end
 * @returns one scale a number; of a number that no sample has, one that changes nothing
 * @example
 * scalesOf([Float32Array.of(1, 5), Float32Array.of(3, NaN)], { tail: 0 })[0]; // { low: 1, high: 3, mean: 2, deviation: 1 }
 */
export function scalesOf(
  rows: readonly ArrayLike<number>[],
  { tail = 0.005 }: { readonly tail?: number } = {},
): Scale[] {
  return Array.from({ length: rows[0]?.length ?? 0 }, (_, column) => {
    const values = Float64Array.from(rows, (row) => row[column]!)
      .filter(Number.isFinite)
      .sort();
    if (values.length === 0) return { low: 0, high: 0, mean: 0, deviation: 1 };
    const low = values[Math.floor(tail * (values.length - 1))]!;
    const high = values[Math.ceil((1 - tail) * (values.length - 1))]!;
    const within = values.map((value) => Math.min(high, Math.max(low, value)));
    const mean = within.reduce((sum, value) => sum + value / within.length, 0);
    const variance = within.reduce((sum, value) => sum + (value - mean) ** 2 / within.length, 0);
    // What is always the same has a deviation of mere rounding.
    const deviation = Math.sqrt(variance) > 1e-9 * Math.max(1, Math.abs(mean)) ? Math.sqrt(variance) : 1;
    return { low, high, mean, deviation };
  });
}

/** Numbers with mean 0 and deviation 1 over the data that `scales` were measured on; what is not finite is NaN. */
export const scaled = (values: ArrayLike<number>, scales: readonly Scale[]): Float32Array =>
  Float32Array.from(scales, ({ low, high, mean, deviation }, at) => {
    const value = values[at]!;
    return Number.isFinite(value) ? (Math.min(high, Math.max(low, value)) - mean) / deviation : Number.NaN;
  });
