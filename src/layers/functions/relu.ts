import { type Array, lax, nn, np, withDerivative } from "../../array/index.ts";

/**
 * max(x, 0). Its derivative is computed from the result, so that x need not be kept; a product is faster than a `where`.
 */
export function relu(x: Array): Array {
  const result = nn.relu(lax.stopGradient(x));
  return withDerivative(result, x, (change) => np.multiply(change, np.greater(result, 0).astype(np.float32)));
}
