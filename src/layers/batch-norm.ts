import { type Array, filled, lax, np } from "../array/index.ts";
import { trainingScope } from "./scope.ts";

const MOMENTUM = 0.1;
const EPSILON = 1e-5;

/**
 * Batch normalisation of `[batch, features]` or `[batch, channels, …]` over all axes but the second.
 * Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167; PyTorch's conventions: momentum 0.1, the biased variance
 * normalises and the unbiased one is remembered.
 *
 * In training the batch's statistics are used and the running ones updated through the scope (twice if the layer is
 * applied twice in a step); otherwise the running ones are used.
 */
export const batchNorm = (width: number, options: { initialScale?: number } = {}) => ({
  init: () => ({
    scale: filled([width], options.initialScale ?? 1),
    shift: filled([width], 0),
    runningMean: filled([width], 0),
    runningVariance: filled([width], 1),
  }),
  apply(params: { scale: Array; shift: Array; runningMean: Array; runningVariance: Array }, x: Array): Array {
    const scope = trainingScope();
    const perChannel = [width, ...x.shape.slice(2).map(() => 1)];
    const spread = (channels: Array) => np.reshape(channels, perChannel);
    const scaleBy = (variance: Array) => np.multiply(params.scale, np.reciprocal(np.sqrt(np.add(variance, EPSILON))));
    if (!scope) {
      const scale = scaleBy(params.runningVariance);
      const shift = np.subtract(params.shift, np.multiply(params.runningMean, scale));
      return np.add(np.multiply(x, spread(scale)), spread(shift));
    }
    const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
    const mean = np.mean(x, axes);
    // E[x²] − E[x]² would save a pass, and all precision where a channel's mean exceeds its deviation.
    const centred = np.subtract(x, spread(mean));
    const variance = np.mean(np.square(centred), axes);
    const count = x.size / width;
    const remember = (leaf: Array, value: Array) => {
      const before = scope.statistics.get(leaf) ?? leaf;
      const kept = np.multiply(lax.stopGradient(before), 1 - MOMENTUM);
      scope.statistics.set(leaf, np.add(kept, np.multiply(lax.stopGradient(value), MOMENTUM)));
    };
    remember(params.runningMean, mean);
    remember(params.runningVariance, np.multiply(variance, count / Math.max(count - 1, 1)));
    return np.add(np.multiply(centred, spread(scaleBy(variance))), spread(params.shift));
  },
});
