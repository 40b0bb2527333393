import { type Array, np } from "../../array/index.ts";
import { drawUniforms } from "../scope.ts";

/**
 * Stochastic depth: in training, each sample's residual branch is dropped with probability `rate` and the others are
 * scaled up by 1 / (1 − rate). Huang et al. 2016, https://arxiv.org/abs/1603.09382
 * @param x `[batch, …]`
 */
export function dropPath(x: Array, rate: number): Array {
  const samples = x.shape[0]!;
  const uniform = rate === 0 ? undefined : drawUniforms(samples);
  if (!uniform) return x;
  const kept = np.where(np.less(uniform, 1 - rate), 1 / (1 - rate), 0);
  return np.multiply(x, np.reshape(kept, [samples, ...x.shape.slice(1).map(() => 1)]));
}
