import { type Array, lax, np, withDerivative } from "../../array/index.ts";

/**
 * x at mean 0 and variance 1 (biased, + epsilon) over some of its axes, times a scale: batch norm, and group norm with a
 * group for each channel. The statistics and the scale become one factor, so that no large array is made for either alone.
 * @param average mean of an array like `x` over these axes, linear in it
 * @param spread brings statistics to a shape that broadcasts with `x`
 * @param scale broadcasts with the statistics
 */
export function scaledDeviations(
  x: Array,
  { average, spread, scale, epsilon }: ScaledDeviationsOptions,
): { scaled: Array; mean: Array; variance: Array } {
  const fixed = lax.stopGradient(x);
  const mean = average(fixed);
  // E[x²] − E[x]² would save a pass, and all precision where a channel's mean exceeds its deviation.
  const centred = np.subtract(fixed, spread(mean));
  const variance = average(np.square(centred));
  const inverse = np.reciprocal(np.sqrt(np.add(variance, epsilon)));
  const factor = scale ? np.multiply(scale, inverse) : inverse;
  const gain = lax.stopGradient(factor);
  const less = np.negative(gain);
  // Shifting or scaling a channel does not change the result. Written in sums over g and g · centred, which the gradients
  // of shift and scale need as well, with the signs where they cost nothing.
  const scaled = withDerivative(np.multiply(centred, spread(factor)), x, (change) => {
    const whole = np.multiply(average(change), less);
    const along = np.multiply(average(np.multiply(change, centred)), np.multiply(less, np.square(inverse)));
    const moved = np.add(np.multiply(centred, spread(along)), spread(whole));
    return np.add(np.multiply(change, spread(gain)), moved);
  });
  return { scaled, mean, variance };
}

export interface ScaledDeviationsOptions {
  readonly average: (array: Array) => Array;
  readonly spread: (statistics: Array) => Array;
  readonly scale?: Array;
  readonly epsilon: number;
}
