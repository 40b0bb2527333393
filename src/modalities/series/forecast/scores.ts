/** Mean squared and mean absolute error, of values of mean 0 and deviation 1 in the part that is learned on. */
export interface ForecastScore {
  readonly name: string;
  readonly mse: number;
  readonly mae: number;
}

/** Errors, summed up. */
export class Errors {
  #squared = 0;
  #absolute = 0;
  #count = 0;

  add(truth: ArrayLike<number>, guess: ArrayLike<number>): void {
    for (let at = 0; at < truth.length; at++) {
      const error = truth[at]! - guess[at]!;
      this.#squared += error * error;
      this.#absolute += Math.abs(error);
    }
    this.#count += truth.length;
  }

  get mse(): number {
    return this.#squared / this.#count;
  }

  score(name: string): ForecastScore {
    return { name, mse: this.mse, mae: this.#absolute / this.#count };
  }
}

/** The candidate with the least squared error. */
export const bestOf = <Candidate extends { errors: Errors }>(candidates: readonly Candidate[]): Candidate =>
  candidates.reduce((best, one) => (one.errors.mse < best.errors.mse ? one : best));
