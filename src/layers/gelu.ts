import { type Array, lax, np, withDerivative } from "../array/index.ts";

/** Exact GELU, x · Φ(x). Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415. */
export function gelu(given: Array): Array {
  const x = lax.stopGradient(given);
  const phi = np.add(np.multiply(lax.erf(np.multiply(x, Math.SQRT1_2)), 0.5), 0.5);
  return withDerivative(np.multiply(x, phi), given, (change) => {
    const density = np.multiply(np.exp(np.multiply(np.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return np.multiply(change, np.add(phi, np.multiply(x, density)));
  });
}
