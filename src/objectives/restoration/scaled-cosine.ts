import { type Array, np } from "../../array/index.ts";
import { normalize } from "../parts/normalize.ts";
import { weightedMean } from "../supervised/cross-entropy.ts";

/**
 * Scaled cosine error: (1 − cos)^γ of each prediction and its target, the (weighted) mean over rows. The larger γ, the less
 * count rows that are nearly right. GraphMAE, Hou et al. 2022, equation 2, https://arxiv.org/abs/2205.10803
 * @param prediction `[…, dim]`
 * @param target the same shape; a row of zeros has cosine 0 with everything
 * @param options.gamma whole, at least 1
 * @param options.weights the shape without its last axis, none negative
 * @returns scalar
 */
export function scaledCosine(
  prediction: Array,
  target: Array,
  { gamma, weights }: { gamma: number; weights?: Array },
): Array {
  const cosine = np.sum(np.multiply(normalize(prediction), normalize(target)), -1);
  // Rounding may take a cosine above 1.
  const error = np.maximum(np.subtract(1, cosine), 0);
  let scaled = error;
  for (let power = 1; power < gamma; power++) scaled = np.multiply(scaled, error);
  return weightedMean(scaled, weights);
}
