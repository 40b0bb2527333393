import { type Array, filled, np } from "../../array/index.ts";
import { standardize } from "./layer-norm.ts";
import { scaledDeviations } from "./scaled-deviations.ts";

/**
 * Group normalisation of `[batch, channels, ...extents]`: each of `groups` of a sample's channels has mean 0 and variance 1,
 * then every channel a scale and a shift. With as many groups as channels it is wav2vec 2.0's norm over time.
 * Wu and He 2018, https://arxiv.org/abs/1803.08494
 *
 * @example
 * const norm = groupNorm(512, 512);
 */
export const groupNorm = (groups: number, channels: number, epsilon = 1e-5) => ({
  init: () => ({ scale: filled([channels], 1), shift: filled([channels], 0) }),
  apply: (params: { scale: Array; shift: Array }, x: Array): Array => {
    const alone = [1, channels, ...x.shape.slice(2).map(() => 1)];
    const shift = np.reshape(params.shift, alone);
    if (groups === channels && x.shape.length > 2) {
      const axes = x.shape.map((_, axis) => axis).slice(2);
      const spread = (statistics: Array) => np.reshape(statistics, [x.shape[0]!, ...alone.slice(1)]);
      const average = (array: Array) => np.mean(array, axes);
      return np.add(scaledDeviations(x, { average, spread, scale: params.scale, epsilon }).scaled, shift);
    }
    const standard = np.reshape(standardize(np.reshape(x, [x.shape[0]!, groups, -1]), epsilon), x.shape);
    return np.add(np.multiply(standard, np.reshape(params.scale, alone)), shift);
  },
});
