import { type Array, lax, np, withDerivative } from "../../array/index.ts";

/**
 * x · σ(slope · x): SiLU, or Swish, at slope 1 (Elfwing et al. 2017, https://arxiv.org/abs/1702.03118); at 1.702 CLIP's
 * approximation of GELU, "quick GELU".
 */
export function silu(input: Array, slope = 1): Array {
  const x = lax.stopGradient(input);
  const sigmoid = np.reciprocal(np.add(np.exp(np.multiply(x, -slope)), 1));
  const value = np.multiply(x, sigmoid);
  return withDerivative(value, input, (change) => {
    // σ + slope · xσ · (1 − σ).
    const bend = np.multiply(np.multiply(value, slope), np.subtract(1, sigmoid));
    return np.multiply(change, np.add(sigmoid, bend));
  });
}

/** Slope of quick GELU. */
export const QUICK_GELU = 1.702;
