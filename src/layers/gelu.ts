import { type Array, lax, np } from "../array/index.ts";

/**
 * Exact GELU, x · Φ(x). Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415. Written so that forward and backward
 * pass together read the array as few times as can be.
 */
export function gelu(x: Array): Array {
  const phi = np.multiply(np.add(lax.erf(np.multiply(x, Math.SQRT1_2)), 1), 0.5);
  return np.multiply(x, phi);
}
