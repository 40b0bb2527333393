import { type Array, nn, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";

/**
 * In each group, the cross-entropy of identifying each of the 2N rows' partner among the other 2N − 1 by dot product; the
 * mean over rows and groups. NT-Xent without lengths or temperature.
 * @param z0 `[groups, N, dim]`
 * @param z1 `[groups, N, dim]`, row i the partner of row i of `z0`
 */
function pairContrast(z0: Array, z1: Array): Array {
  const rows = z0.shape[1]!;
  if (rows === 1) return np.multiply(np.sum(z0), 0);
  const z = np.concatenate([z0, z1], 1);
  const others = np.where(onDiagonal(2 * rows), -1e9, np.matmul(z, np.transpose(z, [0, 2, 1])));
  const partners = np.sum(np.multiply(z0, z1), -1);
  return np.mean(np.subtract(nn.logsumexp(others, -1), np.concatenate([partners, partners], 1)));
}

/** The maximum of every two steps, `[batch, ⌊steps / 2⌋, dim]`. */
function halved(z: Array): Array {
  const [batch, steps, dim] = z.shape as [number, number, number];
  const half = Math.floor(steps / 2);
  const even = steps % 2 === 0 ? z : np.split(z, [2 * half], 1)[0]!;
  return np.max(np.reshape(even, [batch, half, 2, dim]), 2);
}

export interface HierarchicalContrastOptions {
  /** Weight of the contrast with other samples; that of the contrast with other steps is 1 − alpha. 0.5 by default. */
  readonly alpha?: number;
  /** Steps are compared with each other from this level on, at which each is the maximum of 2 to the power of it; 0 by default. */
  readonly temporalUnit?: number;
}

/**
 * TS2Vec's hierarchical contrastive loss. Yue et al. 2021, equations 1 to 3, https://arxiv.org/abs/2106.10466
 *
 * A step of a sample and the same step in another context are partners. At every level the step is told from the same step
 * of other samples, and from other steps of the sample; then every two steps become their maximum, until one is left. The
 * mean over levels, as in the authors' code (https://github.com/zhihanyue/ts2vec).
 * @param z0 `[batch, steps, dim]`
 * @param z1 `[batch, steps, dim]`, the same steps in another context
 * @returns scalar
 */
export function hierarchicalContrast(
  z0: Array,
  z1: Array,
  { alpha = 0.5, temporalUnit = 0 }: HierarchicalContrastOptions = {},
): Array {
  const terms: Array[] = [];
  let [first, second] = [z0, z1];
  for (let level = 0; ; level++) {
    const instances = pairContrast(np.transpose(first, [1, 0, 2]), np.transpose(second, [1, 0, 2]));
    const isLast = first.shape[1]! === 1;
    const steps = isLast || level < temporalUnit ? undefined : pairContrast(first, second);
    const weighted = np.multiply(instances, alpha);
    terms.push(steps ? np.add(weighted, np.multiply(steps, 1 - alpha)) : weighted);
    if (isLast) break;
    [first, second] = [halved(first), halved(second)];
  }
  const sum = terms.reduce((total, term) => np.add(total, term));
  return np.multiply(sum, 1 / terms.length);
}
