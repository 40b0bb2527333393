import { type Array, filled, lax, np } from "../../array/index.ts";
import { trainingScope } from "../scope.ts";
import { scaledDeviations } from "./scaled-deviations.ts";

const MOMENTUM = 0.1;
const EPSILON = 1e-5;

interface Params {
  readonly scale?: Array;
  readonly shift?: Array;
  readonly runningMean: Array;
  readonly runningVariance: Array;
}

/**
 * Batch normalisation of `[batch, features]` or `[batch, channels, …]` over all axes but the second.
 * Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167; PyTorch's conventions: momentum 0.1, the biased variance
 * normalises and the unbiased one is stored.
 *
 * In training the batch's statistics are used and the running ones updated through the scope (twice if the layer is
 * applied twice in a step); otherwise, and while statistics are frozen, the running ones are used.
 *
 * With `weights` (`[batch]`, 0 or 1) the statistics are those of the rows of weight 1 alone, so that padding is not among
 * them; `x` is `[batch, features]` then.
 */
export const batchNorm = (width: number, options: { initialScale?: number } = {}) => ({
  init: () => ({
    scale: filled([width], options.initialScale ?? 1),
    shift: filled([width], 0),
    ...statistics(width),
  }),
  apply: normalizeBatch,
});

/** BatchNorm without a trained scale and shift, the last layer of some projectors (`affine=False`). */
export const plainBatchNorm = (width: number) => ({ init: () => statistics(width), apply: normalizeBatch });

const statistics = (width: number) => ({ runningMean: filled([width], 0), runningVariance: filled([width], 1) });

function normalizeBatch(params: Params, x: Array, { weights }: { readonly weights?: Array } = {}): Array {
  const scope = trainingScope();
  const width = x.shape[1]!;
  const perChannel = [width, ...x.shape.slice(2).map(() => 1)];
  const spread = (channels: Array) => np.reshape(channels, perChannel);
  if (!scope || scope.isFrozen(params.runningMean)) {
    const inverse = np.reciprocal(np.sqrt(np.add(params.runningVariance, EPSILON)));
    const scale = params.scale ? np.multiply(params.scale, inverse) : inverse;
    const moved = np.multiply(params.runningMean, scale);
    const shift = params.shift ? np.subtract(params.shift, moved) : np.negative(moved);
    return np.add(np.multiply(x, spread(scale)), spread(shift));
  }
  const { average, unbiased } = weights ? weighted(weights) : plain(x);
  const { scale } = params;
  const { scaled, mean, variance } = scaledDeviations(x, { average, spread, scale, epsilon: EPSILON });
  const remember = (leaf: Array, value: Array) => {
    const before = scope.statistics.get(leaf) ?? leaf;
    const kept = np.multiply(lax.stopGradient(before), 1 - MOMENTUM);
    scope.statistics.set(leaf, np.add(kept, np.multiply(value, MOMENTUM)));
  };
  remember(params.runningMean, mean);
  remember(params.runningVariance, np.multiply(variance, unbiased));
  return params.shift ? np.add(scaled, spread(params.shift)) : scaled;
}

/** Means over all axes but the second, and the unbiased variance over the biased one. */
interface Averaging {
  readonly average: (array: Array) => Array;
  readonly unbiased: number | Array;
}

function plain(x: Array): Averaging {
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const count = x.size / x.shape[1]!;
  return { average: (array) => np.mean(array, axes), unbiased: count / Math.max(count - 1, 1) };
}

function weighted(weights: Array): Averaging {
  const count = np.maximum(np.sum(weights), 1);
  const shares = np.expandDims(np.divide(weights, count), 0);
  return {
    average: (array) => np.reshape(np.matmul(shares, array), [-1]),
    unbiased: np.divide(count, np.maximum(np.subtract(count, 1), 1)),
  };
}
