import { type Array, filled, lax, np, withDerivative } from "../../array/index.ts";
import { trainingScope } from "../scope.ts";

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
 * applied twice in a step); otherwise the running ones are used.
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

function normalizeBatch(params: Params, x: Array): Array {
  const scope = trainingScope();
  const width = x.shape[1]!;
  const perChannel = [width, ...x.shape.slice(2).map(() => 1)];
  const spread = (channels: Array) => np.reshape(channels, perChannel);
  const inverseOf = (variance: Array) => np.reciprocal(np.sqrt(np.add(variance, EPSILON)));
  const scaledBy = (inverse: Array) => (params.scale ? np.multiply(params.scale, inverse) : inverse);
  if (!scope) {
    const scale = scaledBy(inverseOf(params.runningVariance));
    const moved = np.multiply(params.runningMean, scale);
    const shift = params.shift ? np.subtract(params.shift, moved) : np.negative(moved);
    return np.add(np.multiply(x, spread(scale)), spread(shift));
  }
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const fixed = lax.stopGradient(x);
  const mean = np.mean(fixed, axes);
  // E[x²] − E[x]² would save a pass, and all precision where a channel's mean exceeds its deviation.
  const centred = np.subtract(fixed, spread(mean));
  const variance = np.mean(np.square(centred), axes);
  const count = x.size / width;
  const remember = (leaf: Array, value: Array) => {
    const before = scope.statistics.get(leaf) ?? leaf;
    const kept = np.multiply(lax.stopGradient(before), 1 - MOMENTUM);
    scope.statistics.set(leaf, np.add(kept, np.multiply(value, MOMENTUM)));
  };
  remember(params.runningMean, mean);
  remember(params.runningVariance, np.multiply(variance, count / Math.max(count - 1, 1)));
  const inverse = inverseOf(variance);
  const scale = scaledBy(inverse);
  const gain = lax.stopGradient(scale);
  const less = np.negative(gain);
  // Shifting or scaling a channel does not change the result. Written in sums over g and g · centred, which the gradients
  // of shift and scale need as well, with the signs where they cost nothing.
  const normalized = withDerivative(np.multiply(centred, spread(scale)), x, (change) => {
    const whole = np.multiply(np.mean(change, axes), less);
    const along = np.multiply(np.mean(np.multiply(change, centred), axes), np.multiply(less, np.square(inverse)));
    const moved = np.add(np.multiply(centred, spread(along)), spread(whole));
    return np.add(np.multiply(change, spread(gain)), moved);
  });
  return params.shift ? np.add(normalized, spread(params.shift)) : normalized;
}
