import { cosinesOf } from "../vectors/cosines.ts";
import { topIndices } from "../vectors/knn.ts";

/** Neighbours that vote, and the temperature of their weights: as in kNN of whole samples. */
const [NEIGHBOURS, TEMPERATURE] = [20, 0.07];

/** Patches with the shares of the classes among their pixels. */
export interface PatchBank {
  /** `[rows, dim]` */
  readonly data: Float32Array;
  readonly rows: number;
  readonly dim: number;
  /** `[rows, classes]` */
  readonly truth: Float32Array;
}

/**
 * The classes that the nearest patches of the bank have, `[queries, classes]`: the mean of their shares, weighted by
 * exp(cosine / 0.07). After Balažević et al. 2023, https://arxiv.org/abs/2306.01667, section 3. Differs from it: k = 20 and the
 * temperature of kNN classification, instead of 30 and 0.02.
 */
export async function nearestShares(bank: PatchBank, queries: Float32Array): Promise<Float32Array> {
  const { rows, dim, truth } = bank;
  const classes = truth.length / rows;
  const count = queries.length / dim;
  const shares = new Float32Array(count * classes);
  let query = 0;
  for await (const cosines of cosinesOf({ data: queries, rows: count }, bank, dim)) {
    const nearest = topIndices(cosines, Math.min(NEIGHBOURS, rows));
    const weights = Array.from(nearest, (row) => Math.exp((cosines[row]! - 1) / TEMPERATURE));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    nearest.forEach((row, at) => {
      for (let label = 0; label < classes; label++)
        shares[query * classes + label]! += (weights[at]! / total) * truth[row * classes + label]!;
    });
    query++;
  }
  return shares;
}
