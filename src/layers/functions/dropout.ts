import { type Array, np } from "../../array/index.ts";
import { drawUniforms } from "../scope.ts";

/**
 * Dropout: in training, each element is dropped with probability `rate` and the others are scaled up by
 * 1 / (1 − rate). Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
 *
 * Random numbers come from the host, so there is not one per element: the fraction of uₜ + vₖ, one number for each row
 * of the last axis and one for each column, is uniform, and any two elements are independent of each other (four at the
 * corners of a rectangle are not).
 * @param x `[batch, …, width]`
 */
export function dropout(x: Array, rate: number): Array {
  if (rate === 0) return x;
  const [samples = 1, ...rest] = x.shape;
  const width = rest.at(-1) ?? 1;
  const rows = rest.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const drawn = drawUniforms(samples, rows + width);
  if (!drawn) return x;
  const [ofRows, ofColumns] = np.split(np.transpose(drawn), [rows], 1);
  const sum = np.add(
    np.reshape(ofRows!, [samples, ...rest.slice(0, -1), 1]),
    np.reshape(ofColumns!, [samples, ...rest.slice(0, -1).map(() => 1), width]),
  );
  const fraction = np.where(np.less(sum, 1), sum, np.subtract(sum, 1));
  return np.multiply(x, np.where(np.less(fraction, 1 - rate), 1 / (1 - rate), 0));
}
