/** The sums that ridge regression needs; rows are added in parts, so that they are never all in memory. */
export class NormalEquations {
  readonly #inputs: number;
  readonly #outputs: number;
  /** `[inputs + 1, inputs + 1]`: the last input is 1. */
  readonly #squares: Float64Array;
  readonly #products: Float64Array;

  constructor(inputs: number, outputs: number) {
    this.#inputs = inputs + 1;
    this.#outputs = outputs;
    this.#squares = new Float64Array(this.#inputs ** 2);
    this.#products = new Float64Array(this.#inputs * outputs);
  }

  add(input: ArrayLike<number>, output: ArrayLike<number>): void {
    const [inputs, outputs] = [this.#inputs, this.#outputs];
    for (let row = 0; row < inputs; row++) {
      const value = row === inputs - 1 ? 1 : input[row]!;
      if (value === 0) continue;
      const start = row * inputs;
      for (let column = 0; column < row; column++) this.#squares[start + column]! += value * input[column]!;
      this.#squares[start + row]! += value * value;
      const from = row * outputs;
      for (let column = 0; column < outputs; column++) this.#products[from + column]! += value * output[column]!;
    }
  }

  /** Sums over many rows at once: `[inputs + 1, inputs + 1]` and `[inputs + 1, outputs]`, the last input being 1. */
  addSums(squares: ArrayLike<number>, products: ArrayLike<number>): void {
    for (let at = 0; at < this.#squares.length; at++) this.#squares[at]! += squares[at]!;
    for (let at = 0; at < this.#products.length; at++) this.#products[at]! += products[at]!;
  }

  /** The sum of an input's squares over the rows, on average over the inputs. */
  get meanSquare(): number {
    let sum = 0;
    for (let at = 0; at < this.#inputs - 1; at++) sum += this.#squares[at * this.#inputs + at]!;
    return sum / Math.max(1, this.#inputs - 1);
  }

  /**
   * The weights `[inputs + 1, outputs]` that minimise the squared error and `strength` times their own squares; the last row,
   * the offsets, is free. By Cholesky's decomposition.
   */
  solve(strength: number): Float64Array {
    const [size, outputs] = [this.#inputs, this.#outputs];
    const lower = this.#squares.slice();
    for (let at = 0; at < size - 1; at++) lower[at * size + at]! += strength;
    lower[size * size - 1]! += 1e-9;
    for (let column = 0; column < size; column++) {
      for (let row = column; row < size; row++) {
        let sum = lower[row * size + column]!;
        for (let at = 0; at < column; at++) sum -= lower[row * size + at]! * lower[column * size + at]!;
        lower[row * size + column] =
          row === column ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[column * size + column]!;
      }
    }
    const weights = this.#products.slice();
    const subtract = (to: number, from: number, factor: number) => {
      for (let at = 0; at < outputs; at++) weights[to * outputs + at]! -= factor * weights[from * outputs + at]!;
    };
    const divide = (row: number) => {
      for (let at = 0; at < outputs; at++) weights[row * outputs + at]! /= lower[row * size + row]!;
    };
    for (let row = 0; row < size; row++) {
      for (let at = 0; at < row; at++) subtract(row, at, lower[row * size + at]!);
      divide(row);
    }
    for (let row = size - 1; row >= 0; row--) {
      for (let at = row + 1; at < size; at++) subtract(row, at, lower[at * size + row]!);
      divide(row);
    }
    return weights;
  }
}

/** `input · weights`, with the offsets. */
export function predicted(weights: Float64Array, input: ArrayLike<number>, outputs: number): Float64Array {
  const inputs = weights.length / outputs - 1;
  const result = weights.slice(inputs * outputs);
  for (let row = 0; row < inputs; row++) {
    const value = input[row]!;
    for (let column = 0; column < outputs; column++) result[column]! += value * weights[row * outputs + column]!;
  }
  return result;
}
