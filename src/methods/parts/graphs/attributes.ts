import * as z from "zod";
import { type Array, np } from "../../../array/index.ts";
import type { Graphs } from "../../../data/graph.ts";
import { UserError } from "../../../foundation/errors.ts";
import { oneHot } from "../../../layers/functions/one-hot.ts";

/** Codes of a column with nothing to predict: padding, unknown, and the only value there is. */
const NOTHING = 3;

/** The option that says which attributes of nodes are predicted. */
export const attributeColumns = () =>
  z
    .array(z.int().nonnegative().max(10_000))
    .min(1)
    .max(1000)
    .default([0])
    .describe("which attributes of a node are predicted, by their place, from 0: the first, an atom's type");

/**
 * The columns of categories with at least two values.
 * @param others whether nodes have more to predict: then columns without such values are left out
 * @throws UserError when there is no such column, or it has nothing to predict
 */
export function categories(
  name: string,
  { nodeSizes }: Pick<Graphs, "nodeSizes">,
  columns: readonly number[],
  others = false,
): { column: number; size: number }[] {
  return columns.flatMap((column) => {
    const size = nodeSizes[column];
    if (size === undefined)
      throw new UserError(
        `${name}: nodes have ${nodeSizes.length} attributes; --columns names attribute ${column}, from 0`,
      );
    if (size > NOTHING) return [{ column, size }];
    if (others) return [];
    throw new UserError(
      `${name}: attribute ${column} is the same for all nodes: there is nothing to predict; choose others with --columns, or another method`,
    );
  });
}

/** Share of the rows with the commonest label of the batch, each row weighted, scalar in [0, 1]. */
export function commonest(labels: Array, size: number, weights: Array): Array {
  const counts = np.matmul(np.reshape(weights, [1, -1]), oneHot(labels, size));
  return np.multiply(np.max(counts), np.reciprocal(np.maximum(np.sum(weights), 1e-12)));
}
