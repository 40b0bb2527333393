import { type Array, nn, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";

/** Products of predictions and candidates, `[steps, rows, rows]`, −10⁹ for what is no negative. */
function scores(predictions: Array, candidates: Array, places: Array | undefined): Array {
  const products = np.matmul(predictions, np.transpose(candidates, [0, 2, 1]));
  if (!places) return products;
  const isSame = np.equal(np.expandDims(places, 1), np.expandDims(places, 0));
  const isOther = np.logicalAnd(isSame, np.logicalNot(onDiagonal(places.shape[0]!)));
  return np.where(isOther, -1e9, products);
}

/**
 * InfoNCE of contrastive predictive coding: for each step ahead the cross-entropy of identifying the latent that follows a
 * row's context among those that follow all rows', by the product with its prediction; the mean over rows and steps. Van
 * den Oord et al. 2018, equation 4, https://arxiv.org/abs/1807.03748
 * @param predictions `[steps, rows, dim]`: Wₖ · context
 * @param candidates `[steps, rows, dim]`, row i the latent that prediction i is of
 * @param options.places int32 `[rows]`: rows of the same number are of one place of one sample, and not each other's
 *   negatives
 * @returns scalar
 */
export function cpc(predictions: Array, candidates: Array, { places }: { places?: Array } = {}): Array {
  const positives = np.sum(np.multiply(predictions, candidates), -1);
  return np.mean(np.subtract(nn.logsumexp(scores(predictions, candidates, places), -1), positives));
}

/** Share of the predictions whose product with their latent is the largest, scalar in [0, 1]. */
export function cpcAccuracy(predictions: Array, candidates: Array, { places }: { places?: Array } = {}): Array {
  const products = scores(predictions, candidates, places);
  const own = onDiagonal(products.shape[1]!);
  const positives = np.max(np.where(own, products, -1e9), -1);
  const others = np.max(np.where(own, -1e9, products), -1);
  return np.mean(np.where(np.greater(positives, others), 1, 0));
}
