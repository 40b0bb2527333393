import { type Array, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";
import { standardize } from "../parts/standardize.ts";

/**
 * CCA-SSG: each feature of one view correlates with itself in the other view, and features of a view do not correlate with each
 * other. Zhang et al. 2021, equation 5, https://arxiv.org/abs/2106.12484, as in its code
 * (https://github.com/hengruizhang98/CCA-SSG): −Σ diag C₀₁ + λ (‖I − C₀₀‖² + ‖I − C₁₁‖²), C the correlations.
 *
 * Barlow Twins' features must be uncorrelated across the two views, these within each; and the invariance is linear.
 * Features are standardised as BatchNorm does it, where the code divides by the unbiased deviation.
 * @param z0 `[N, dim]`
 * @param z1 `[N, dim]`, row i the partner of row i of `z0`
 * @param options.lambda weight of the correlations within views
 * @returns scalar
 */
export function ccaSsg(z0: Array, z1: Array, { lambda }: { lambda: number }): Array {
  const n = z0.shape[0]!;
  const [u, v] = [standardize(z0), standardize(z1)];
  const invariance = np.multiply(np.sum(np.multiply(u, v)), -1 / n);
  return np.add(invariance, np.multiply(np.add(decorrelation(u), decorrelation(v)), lambda));
}

/** ‖I − C‖² of one view's standardised features. */
function decorrelation(z: Array): Array {
  const [n, dim] = z.shape as [number, number];
  const correlation = np.multiply(np.matmul(np.transpose(z), z), 1 / n);
  return np.sum(np.square(np.subtract(correlation, np.where(onDiagonal(dim), 1, 0))));
}
