import { Rng } from "../../array/index.ts";
import type { Answers } from "../../data/index.ts";
import { notGreater } from "../../foundation/sorted.ts";
import { growTree, type Targets } from "./tree.ts";

/** Trees of a forest: as many as this number of looks at a value allows. */
const [FEWEST_TREES, MOST_TREES] = [50, 300];
const LOOKS = 6e8;
/** Most values that a column is cut at. */
const MOST_CUTS = 255;

export interface ForestData {
  /** `[rows, dim]` */
  readonly data: Float32Array;
  readonly dim: number;
  readonly rows: number;
  /** `[rows, outputs]`, see `truthsOf`; NaN was not measured. */
  readonly truth: Float32Array;
}

export interface ForestOptions {
  readonly seed: number;
  /** By default 300, or fewer, down to 50, for many rows and columns. */
  readonly trees?: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Columns cut into few values, so that a tree looks at each value once. */
interface Binned {
  /** The bin of each row, column by column: `[dim, rows]`. */
  readonly bins: Uint8Array;
  /** Of each column the values between its bins; the bin of a value is how many of them are not above it. */
  readonly cuts: readonly Float32Array[];
}

/** Cuts halfway between neighbouring values, or, where there are too many, at values of about equal ranks. */
function binned({ data, rows, dim }: ForestData): Binned {
  const bins = new Uint8Array(rows * dim);
  const cuts = Array.from({ length: dim }, (_, column) => {
    const values = Float32Array.from({ length: rows }, (_row, row) => data[row * dim + column]!).sort();
    const different = values.filter((value, at) => at === 0 || value !== values[at - 1]);
    const count = Math.min(MOST_CUTS, different.length - 1);
    const isExact = different.length - 1 <= MOST_CUTS;
    const found = Float32Array.from({ length: Math.max(0, count) }, (_cut, at) => {
      if (isExact) return (different[at]! + different[at + 1]!) / 2;
      return values[Math.floor(((at + 1) * rows) / (count + 1))]!;
    });
    const own = isExact ? found : found.filter((value, at) => at === 0 || value !== found[at - 1]);
    for (let row = 0; row < rows; row++) bins[column * rows + row] = notGreater(own, data[row * dim + column]!);
    return own;
  });
  return { bins, cuts };
}

/** One forest's question: classes, or one value. */
interface Question {
  readonly targets: Targets;
  readonly rows: Int32Array;
}

function questionsOf({ task, outputs }: Answers, { truth, rows }: ForestData): Question[] {
  const width = outputs.length;
  if (task === "classification") {
    const labels = Int32Array.from({ length: rows }, (_, row) =>
      truth.subarray(row * width, (row + 1) * width).indexOf(1),
    );
    return [{ targets: { classes: width, labels }, rows: Int32Array.from(labels.keys()) }];
  }
  return outputs.map((_, output) => {
    const column = Float32Array.from({ length: rows }, (_row, row) => truth[row * width + output]!);
    const measured = Int32Array.from(column.keys()).filter((row) => !Number.isNaN(column[row]!));
    const targets: Targets =
      task === "regression"
        ? { values: column }
        : { classes: 2, labels: Int32Array.from(column, (value) => Number(value === 1)) };
    return { targets, rows: measured };
  });
}

/** Probabilities never are quite 0 or 1: a forest of few trees is not that sure. */
const LEAST = 1e-4;
const logOf = (share: number) => Math.log(Math.max(LEAST, share));

/**
 * Random forests (Breiman 2001, https://doi.org/10.1023/A:1010933404324): each tree is grown on as many rows drawn with
 * replacement, and looks at √dim of the columns, for values at a third of them, at each split. For several labels or values
 * a forest each. What an expert would try first on columns, beside a linear model.
 *
 * Written here because `ml-random-forest` 2.1.0 predicts classes wrongly (61.6 % of its own training rows in a test with 1,000,
 * as a leaf's classes are counted from 0 to those that it has) and takes time that grows with the square of the rows.
 * @returns outputs of the queries, `[rows, outputs]`: logits, or values
 */
export async function forest(
  answers: Answers,
  train: ForestData,
  queries: Pick<ForestData, "data" | "rows">,
  { seed, onProgress, ...options }: ForestOptions,
): Promise<Float32Array> {
  const { bins, cuts } = binned(train);
  const { dim } = train;
  const looked = answers.task === "regression" ? dim / 3 : Math.sqrt(dim);
  const affordable = Math.floor(LOOKS / (looked * train.rows * Math.log2(train.rows + 1)));
  const { trees = Math.max(FEWEST_TREES, Math.min(MOST_TREES, affordable)) } = options;
  const asked = new Uint8Array(queries.rows * dim);
  for (let row = 0; row < queries.rows; row++)
    for (let column = 0; column < dim; column++)
      asked[row * dim + column] = notGreater(cuts[column]!, queries.data[row * dim + column]!);
  const width = answers.outputs.length;
  const outputs = new Float32Array(queries.rows * width);
  const questions = questionsOf(answers, train);
  for (const [at, { targets, rows }] of questions.entries()) {
    const size = "classes" in targets ? targets.classes : 1;
    const sums = new Float64Array(queries.rows * size);
    const rng = new Rng(seed).split("forest", at);
    for (let tree = 0; tree < (rows.length === 0 ? 0 : trees); tree++) {
      const grown = growTree({ bins, rows: train.rows, dim, targets, drawn: rows, rng: rng.split(tree) });
      for (let row = 0; row < queries.rows; row++) {
        const leaf = grown.leafOf(asked, row * dim);
        for (let output = 0; output < size; output++) sums[row * size + output]! += leaf[output]! / trees;
      }
      if (tree % 8 !== 7) continue;
      onProgress?.(at * trees + tree + 1, questions.length * trees);
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (let row = 0; row < queries.rows; row++)
      if (answers.task === "classification")
        for (let output = 0; output < size; output++) outputs[row * width + output] = logOf(sums[row * size + output]!);
      else
        outputs[row * width + at] = size === 1 ? sums[row]! : logOf(sums[row * size + 1]!) - logOf(sums[row * size]!);
  }
  return outputs;
}
