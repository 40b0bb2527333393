import { scalingOf } from "../../../evaluation/vectors/normalize.ts";

/** Rows of vectors. */
export interface Vectors {
  /** `[rows, dim]` */
  readonly data: Float32Array;
  readonly rows: number;
  readonly dim: number;
}

/** Nearest rows that a distance is the mean of. */
const NEAREST = 5;

/** Vectors of deviation 1 in every column, as in a bank of usual ones. */
export function scalerOf({ data, rows, dim }: Vectors): (vector: Float32Array) => Float32Array {
  // A column that never changes says something only where it does.
  const { mean, scale } = scalingOf(data, rows, dim);
  return (vector) => vector.map((value, at) => (value - mean[at]!) * scale[at]!);
}

/**
 * How far a vector is from the nearest of a bank: the mean of its distances to the five nearest, over the square root of the
 * number of columns, so that encoders of any width have distances of about 1.
 * @param isSkipped rows that are not compared, since they show the same
 */
export function distanceTo(
  { data, rows, dim }: Vectors,
  vector: Float32Array,
  isSkipped: (row: number) => boolean = () => false,
): number {
  const nearest: number[] = [];
  for (let row = 0; row < rows; row++) {
    if (isSkipped(row)) continue;
    const most = nearest.length < NEAREST ? Number.POSITIVE_INFINITY : nearest.at(-1)!;
    let sum = 0;
    for (let at = 0, from = row * dim; at < dim && sum < most; at++) {
      const difference = vector[at]! - data[from + at]!;
      sum += difference * difference;
    }
    if (sum >= most) continue;
    nearest.push(sum);
    nearest.sort((a, b) => a - b);
    nearest.length = Math.min(NEAREST, nearest.length);
  }
  if (nearest.length === 0) return Number.NaN;
  return nearest.reduce((sum, square) => sum + Math.sqrt(square / dim), 0) / nearest.length;
}
