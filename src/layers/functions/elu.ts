import { type Array, lax, np, withDerivative } from "../../array/index.ts";

/**
 * ELU, x above 0 and eˣ − 1 below. Its derivative is computed from the result, so that x need not be kept. Clevert et al.
 * 2015, https://arxiv.org/abs/1511.07289
 */
export function elu(input: Array): Array {
  const x = lax.stopGradient(input);
  // The engine has one operator for this sum.
  const below = np.subtract(np.exp(np.minimum(x, 0)), 1);
  const result = np.add(np.maximum(x, 0), below);
  return withDerivative(result, input, (change) => np.multiply(change, np.add(np.minimum(result, 0), 1)));
}
