import { type Array, nn, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";

/**
 * VICReg: views agree (invariance), every feature keeps a deviation of at least 1 (variance), features are uncorrelated
 * (covariance). Bardes et al. 2021, https://arxiv.org/abs/2105.04906
 *
 * As in the released code (https://github.com/facebookresearch/vicreg): the invariance is a mean over rows and features,
 * where the paper sums over features; variances are unbiased; the two views' variance terms are halved, their covariance
 * terms are not.
 * @param z0 `[N, dim]`
 * @param z1 `[N, dim]`, row i the partner of row i of `z0`
 * @param options weights of the three terms; 25, 25 and 1 in the paper
 * @returns scalar
 */
export function vicreg(
  z0: Array,
  z1: Array,
  { invariance, variance, covariance }: { invariance: number; variance: number; covariance: number },
): Array {
  const [first, second] = [spread(z0), spread(z1)];
  const agreement = np.multiply(np.mean(np.square(np.subtract(z0, z1))), invariance);
  const deviation = np.multiply(np.add(first.variance, second.variance), variance / 2);
  const correlation = np.multiply(np.add(first.covariance, second.covariance), covariance);
  return np.add(np.add(agreement, deviation), correlation);
}

/** The variance and covariance terms of one view. */
function spread(z: Array): { variance: Array; covariance: Array } {
  const [n, dim] = z.shape as [number, number];
  const centred = np.subtract(z, np.mean(z, 0));
  const variances = np.multiply(np.sum(np.square(centred), 0), 1 / (n - 1));
  const deviations = np.sqrt(np.add(variances, 1e-4));
  const covariances = np.multiply(np.matmul(np.transpose(centred), centred), 1 / (n - 1));
  const between = np.sum(np.where(onDiagonal(dim), 0, np.square(covariances)));
  return { variance: np.mean(nn.relu(np.subtract(1, deviations))), covariance: np.multiply(between, 1 / dim) };
}
