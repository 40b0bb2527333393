import { type Array, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";
import { standardize } from "../parts/standardize.ts";

/**
 * Barlow Twins: the correlation between the two views' features should be the identity. Zbontar et al. 2021,
 * equation 1, https://arxiv.org/abs/2103.03230
 *
 * As in the released code (https://github.com/facebookresearch/barlowtwins) features are normalised over the batch
 * as BatchNorm does it (biased variance + 1e-5), and the terms are sums over the matrix, not means.
 * @param z0 `[N, dim]`
 * @param z1 `[N, dim]`, row i the partner of row i of `z0`
 * @param options.lambda weight of the terms off the diagonal; 0.0051 in the paper
 * @returns scalar
 */
export function barlowTwins(z0: Array, z1: Array, { lambda }: { lambda: number }): Array {
  const [n, dim] = z0.shape as [number, number];
  const correlation = np.multiply(np.matmul(np.transpose(standardize(z0)), standardize(z1)), 1 / n);
  const towardsOne = np.square(np.subtract(correlation, 1));
  const towardsZero = np.multiply(np.square(correlation), lambda);
  return np.sum(np.where(onDiagonal(dim), towardsOne, towardsZero));
}
