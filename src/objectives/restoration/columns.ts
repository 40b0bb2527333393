import { type Array, constant, float32, int32, lax, np } from "../../array/index.ts";
import { weightedMean } from "../supervised/cross-entropy.ts";

/** Codes of a column of numbers: the one that says that there is a number. */
const PRESENT = 1;

/** What a table's columns are predicted as. */
export interface ColumnPrediction {
  /** Numbers, `[batch, columns]`; those of categories are not looked at. */
  readonly values: Array;
  /** Logits of the codes of all columns, one after the other, `[batch, codes of all columns]`. */
  readonly logits: Array;
}

/** What its columns are. */
export interface ColumnTargets {
  /** `[batch, columns]` */
  readonly values: Array;
  /** int32 `[batch, columns]` */
  readonly codes: Array;
}

/**
 * Reconstruction of the columns of a table: the squared error of numbers that are there, and the cross-entropy of every column's
 * code (which category it is, whether there is a number), the mean over columns and rows. VIME, Yoon et al. 2020, equation 6 and
 * its remark on categories, https://proceedings.neurips.cc/paper/2020/hash/7d97667a3e056acab9aaf653807b4a03-Abstract.html
 * @param sizes number of codes of each column
 * @param areNumbers whether a column is of numbers
 * @returns scalar
 */
export function columnReconstruction(
  prediction: ColumnPrediction,
  target: ColumnTargets,
  { sizes, areNumbers }: { readonly sizes: readonly number[]; readonly areNumbers: readonly boolean[] },
): Array {
  const width = sizes.length;
  const starts = sizes.map((_, column) => sizes.slice(0, column).reduce((sum, size) => sum + size, 0));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  // 1 where a code is the column's: a product with it sums over each column's codes.
  const ofColumn = new Float32Array(total * width);
  sizes.forEach((size, column) => {
    for (let code = 0; code < size; code++) ofColumn[(starts[column]! + code) * width + column] = 1;
  });
  const sums = constant(float32(ofColumn, [total, width]));
  const [batch = 1] = target.codes.shape;
  const shifted = np.subtract(prediction.logits, lax.stopGradient(np.max(prediction.logits, -1, { keepdims: true })));
  // A column whose logits are all far below another's has a sum of nearly 0.
  const logSums = np.log(np.add(np.matmul(np.exp(shifted), sums), 1e-30));
  const places = np.add(target.codes, constant(int32(starts, [width])));
  const rows = np.reshape(np.multiply(np.arange(batch), total), [batch, 1]);
  const atTargets = np.take(np.reshape(shifted, [-1]), np.add(rows, places), 0);
  const crossEntropies = np.subtract(logSums, atTargets);
  const numbers = constant(float32(areNumbers.map(Number), [width]));
  const there = np.multiply(numbers, np.where(np.equal(target.codes, PRESENT), 1, 0));
  const squares = np.multiply(there, np.square(np.subtract(prediction.values, target.values)));
  return weightedMean(np.add(crossEntropies, squares));
}
