import { type Array, constant, float32, np } from "../../array/index.ts";
import { normalize } from "../parts/normalize.ts";

/**
 * Sketched isotropic Gaussian regularisation: along random directions, embeddings should be distributed as a standard
 * normal. Balestriero & LeCun 2025, section 4, https://arxiv.org/abs/2511.08544
 *
 * For each slice the Epps–Pulley statistic N · ∫ |φ(t) − e^(−t²/2)|² e^(−t²/2) dt, where φ is the characteristic function
 * of the projected batch; the mean over slices. As in the released code (https://github.com/rbalestr-lab/lejepa) the
 * integral runs over [0, limit] by trapezia and counts twice; the paper's listing runs over [−5, 5].
 * @param z `[N, dim]`
 * @param slices `[slices, dim]`, random directions; brought to unit length here
 * @param options.knots points of the integral
 * @param options.limit where the integral ends
 * @returns scalar
 */
export function sigreg(z: Array, slices: Array, { knots = 17, limit = 3 } = {}): Array {
  const spacing = limit / (knots - 1);
  const points = globalThis.Array.from({ length: knots }, (_, knot) => knot * spacing);
  const gaussian = points.map((t) => Math.exp((-t * t) / 2));
  const weights = gaussian.map((value, knot) => value * spacing * (knot === 0 || knot === knots - 1 ? 1 : 2));
  const along = (values: readonly number[]) => constant(float32(values, [knots]));

  const projected = np.matmul(z, np.transpose(normalize(slices)));
  const angles = np.multiply(np.reshape(projected, [...projected.shape, 1]), along(points));
  const real = np.subtract(np.mean(np.cos(angles), 0), along(gaussian));
  const imaginary = np.mean(np.sin(angles), 0);
  const distance = np.add(np.square(real), np.square(imaginary));
  return np.multiply(np.mean(np.sum(np.multiply(distance, along(weights)), -1)), z.shape[0]!);
}
