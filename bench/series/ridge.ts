/** Ridge regression whose strength is chosen by leaving one group out, and the health index of a machine's readings. */
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";

/** Features of windows, with the engine of each and the cycles left. */
export interface Rows {
  /** `[rows, dim]` */
  readonly data: Float32Array;
  readonly dim: number;
  readonly groups: Int32Array;
  readonly left: Float64Array;
}

const STRENGTHS = [1, 10, 100, 1000, 10_000];
/** Groups that are left out, one after the other. */
const LEFT_OUT = 5;

/** Sums over rows of standardised inputs (the last is 1) that ridge regression needs. */
interface Sums {
  readonly squares: Matrix;
  readonly products: Matrix;
}

function sumsOf(x: Matrix, y: Float64Array): Sums {
  const transposed = x.transpose();
  return { squares: transposed.mmul(x), products: transposed.mmul(Matrix.columnVector(y)) };
}

function solved({ squares, products }: Sums, strength: number): Matrix {
  const size = squares.rows;
  const damped = squares.clone();
  for (let at = 0; at < size; at++) damped.set(at, at, damped.get(at, at) + (at < size - 1 ? strength : 1e-6));
  return new CholeskyDecomposition(damped).solve(products);
}

/** Root mean squared error on `asked` of a ridge regression on `known`, its predictions between 0 and `cap`. */
export function rootMeanSquare(known: Rows, asked: Rows, cap: number): number {
  const { dim } = known;
  const rows = known.left.length;
  const mean = new Float64Array(dim);
  const squares = new Float64Array(dim);
  known.data.forEach((value, at) => {
    mean[at % dim]! += value / rows;
  });
  known.data.forEach((value, at) => {
    squares[at % dim]! += (value - mean[at % dim]!) ** 2 / rows;
  });
  const inputs = ({ data, left }: Rows): Matrix => {
    const x = Matrix.ones(left.length, dim + 1);
    for (let row = 0; row < left.length; row++)
      for (let at = 0; at < dim; at++)
        x.set(row, at, (data[row * dim + at]! - mean[at]!) / (Math.sqrt(squares[at]!) || 1));
    return x;
  };
  const errorOf = (weights: Matrix, x: Matrix, y: Float64Array): number => {
    const guess = x.mmul(weights);
    return y.reduce((sum, value, row) => sum + (Math.min(cap, Math.max(0, guess.get(row, 0))) - value) ** 2, 0);
  };
  const x = inputs(known);
  const all = sumsOf(x, known.left);
  const groups = [...new Set(known.groups)];
  const leftOut = groups.slice(0, LEFT_OUT);
  const parts = leftOut.map((group) => {
    const chosen = [...known.groups.keys()].filter((row) => known.groups[row] === group);
    const part = x.subMatrixRow(chosen);
    const y = Float64Array.from(chosen, (row) => known.left[row]!);
    const own = sumsOf(part, y);
    return {
      part,
      y,
      rest: { squares: Matrix.sub(all.squares, own.squares), products: Matrix.sub(all.products, own.products) },
    };
  });
  const errors = STRENGTHS.map((strength) =>
    parts.reduce((sum, { part, y, rest }) => sum + errorOf(solved(rest, strength), part, y), 0),
  );
  const strength = STRENGTHS[errors.indexOf(Math.min(...errors))]!;
  return Math.sqrt(errorOf(solved(all, strength), inputs(asked), asked.left) / asked.left.length);
}

/**
 * What one would try first: the first principal component of all readings, which needs no labels, its level and its slope in
 * a window, and their powers up to the third.
 * @param known windows of all engines, `[channels, window]` each, of mean 0 and deviation 1
 */
export function healthOf({ data, dim }: Rows, window: number): (rows: Rows) => Rows {
  const channels = dim / window;
  const rows = data.length / dim;
  const covariance = Matrix.zeros(channels, channels);
  for (let row = 0; row < rows; row++)
    for (let one = 0; one < channels; one++)
      for (let other = 0; other <= one; other++) {
        const at = row * dim + window - 1;
        const product = data[at + one * window]! * data[at + other * window]!;
        covariance.set(one, other, covariance.get(one, other) + product / rows);
        if (other < one) covariance.set(other, one, covariance.get(one, other));
      }
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(covariance);
  const component = eigenvectorMatrix.getColumn(realEigenvalues.indexOf(Math.max(...realEigenvalues)));
  const times = Array.from({ length: window }, (_, at) => at - (window - 1) / 2);
  const length = Math.sqrt(times.reduce((sum, time) => sum + time * time, 0));
  return (given) => {
    const result = new Float32Array(given.left.length * 7);
    for (let row = 0; row < given.left.length; row++) {
      let [level, slope] = [0, 0];
      for (let step = 0; step < window; step++) {
        const health = component.reduce(
          (sum, weight, channel) => sum + weight * given.data[row * dim + channel * window + step]!,
          0,
        );
        level += health / window;
        slope += (health * times[step]!) / length;
      }
      result.set([level, slope, level ** 2, slope ** 2, level * slope, level ** 3, slope ** 3], row * 7);
    }
    return { ...given, data: result, dim: 7 };
  };
}
