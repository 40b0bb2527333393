import { type Array, lax, nn, np, withDerivative } from "../../array/index.ts";

/**
 * max(x, 0). Its derivative asks where the result is above 0, so that x need not be kept for it; a product is faster than
 * a choice.
 */
export function relu(x: Array): Array {
  const result = nn.relu(lax.stopGradient(x));
  return withDerivative(result, x, (change) => np.multiply(change, np.greater(result, 0).astype(np.float32)));
}
