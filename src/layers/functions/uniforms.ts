import { type Array, np } from "../../array/index.ts";
import { drawUniforms } from "../scope.ts";

/**
 * Uniform [0, 1) numbers of a shape `[samples, …, width]`, in training. Random numbers come from the host, so there is not
 * one per element: the fraction of uₜ + vₖ, one number for each row of the last axis and one for each column, is uniform;
 * those of a row are independent, and any two of all (four at the corners of a rectangle are not).
 * @returns undefined in evaluation
 */
export function uniforms(shape: readonly number[]): Array | undefined {
  const [samples = 1, ...rest] = shape;
  const width = rest.at(-1) ?? 1;
  const rows = rest.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const drawn = drawUniforms(samples, rows + width);
  if (!drawn) return undefined;
  const [ofRows, ofColumns] = np.split(np.transpose(drawn), [rows], 1);
  const sum = np.add(
    np.reshape(ofRows!, [samples, ...rest.slice(0, -1), 1]),
    np.reshape(ofColumns!, [samples, ...rest.slice(0, -1).map(() => 1), width]),
  );
  return np.where(np.less(sum, 1), sum, np.subtract(sum, 1));
}
