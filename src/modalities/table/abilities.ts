import type { Rng } from "../../array/rng.ts";
import { ability } from "../../data/ability.ts";
import type { Sample } from "../../data/views.ts";

/** Samples of named columns, each a number or one of several categories. Inputs are `values` and `codes`, `[columns]` each. */
export interface Columns {
  /** Number of codes of each column: 2 of a number (missing, there), else those of the categories and 2 more. */
  readonly sizes: readonly number[];
  /** Whether a column is of numbers. */
  readonly areNumbers: readonly boolean[];
  /** The sample with each column, by this probability, as in another row. What comes of one date changes together. */
  corrupt(sample: Sample, rng: Rng, probability: number): Sample;
  /**
   * The sample as one would give it to a linear model: of a number, with mean 0 and deviation 1, the value and whether there is
   * one; categories one-hot. As many values as the sum of `sizes`.
   */
  standardised(sample: Sample): Float32Array;
}

export const columns = ability<Columns>()("columns", "samples of named columns: numbers and categories");
