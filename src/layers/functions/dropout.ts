import { type Array, np } from "../../array/index.ts";
import { uniforms } from "./uniforms.ts";

/**
 * Dropout: in training, each element is dropped with probability `rate` and the others are scaled up by
 * 1 / (1 − rate). Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
 * @param x `[batch, …, width]`
 */
export function dropout(x: Array, rate: number): Array {
  const drawn = rate === 0 ? undefined : uniforms(x.shape);
  return drawn ? np.multiply(x, np.where(np.less(drawn, 1 - rate), 1 / (1 - rate), 0)) : x;
}
