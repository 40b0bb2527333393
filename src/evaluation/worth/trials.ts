import { UserError } from "../../foundation/errors.ts";
import { drawLabels } from "../../training/data/split.ts";
import type { LabelledFeatures } from "./contestants.ts";

/** One training and test of a head. */
export interface Trial {
  /** Rows of the training features. */
  readonly train: Int32Array;
  /** Rows of the test features. */
  readonly test: Int32Array;
  readonly seed: number;
}

const allOf = ({ rows }: LabelledFeatures): Int32Array => Int32Array.from({ length: rows }, (_, row) => row);

/** Draws of labels, tested on the same rows; without a number of labels one trial with all of them. */
export function drawsOf(
  bank: LabelledFeatures,
  queries: LabelledFeatures,
  { labelCount, draws, seed }: { labelCount: number | undefined; draws: number; seed: number },
): Trial[] {
  const test = allOf(queries);
  if (labelCount === undefined) return [{ train: allOf(bank), test, seed }];
  return Array.from({ length: draws }, (_, draw) => ({
    ...{ train: drawLabels(bank.strata, labelCount, seed + draw), test, seed: seed + draw },
  }));
}

/**
 * Each fold in turn is the test part, and the others are trained on: all of their rows, or labels drawn from them.
 * @param folds the fold of every entry, −1 for none
 */
export function foldsOf(
  bank: LabelledFeatures,
  folds: Int32Array,
  { labelCount, seed }: { labelCount: number | undefined; seed: number },
): Trial[] {
  const count = folds.reduce((most, fold) => Math.max(most, fold + 1), 0);
  const foldOf = (row: number) => folds[bank.entries[row]!]!;
  return Array.from({ length: count }, (_, fold) => {
    const test = allOf(bank).filter((row) => foldOf(row) === fold);
    const others = allOf(bank).filter((row) => foldOf(row) >= 0 && foldOf(row) !== fold);
    if (test.length === 0 || others.length === 0)
      throw new UserError(
        `fold ${fold + 1} of ${count}: no readable entry with a label to ${test.length === 0 ? "test" : "train"} on`,
      );
    const drawn =
      labelCount === undefined
        ? others
        : drawLabels(
            others.map((row) => bank.strata[row]!),
            labelCount,
            seed + fold,
          ).map((at) => others[at]!);
    return { train: drawn, test, seed: seed + fold };
  });
}
