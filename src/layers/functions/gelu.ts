import { type Array, lax, np, withDerivative } from "../../array/index.ts";

/** Exact GELU, x · Φ(x). Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415. */
export function gelu(input: Array): Array {
  const x = lax.stopGradient(input);
  const scaled = np.multiply(x, Math.SQRT1_2);
  const phi = np.add(np.multiply(lax.erf(scaled), 0.5), 0.5);
  return withDerivative(np.multiply(x, phi), input, (change) => {
    // x times the normal density, exp(−x² / 2) / √2π, from the terms of Φ.
    const bell = np.multiply(scaled, np.reciprocal(np.exp(np.square(scaled))));
    return np.multiply(change, np.add(phi, np.multiply(bell, 1 / Math.sqrt(Math.PI))));
  });
}
