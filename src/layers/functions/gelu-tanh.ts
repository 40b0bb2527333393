import { type Array, lax, np, withDerivative } from "../../array/index.ts";

/** √(8 / π), and the cubic term's factor. */
const [SLOPE, CUBIC] = [Math.sqrt(8 / Math.PI), 0.044715];

/**
 * GELU by its tanh approximation, x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), which is x · σ(√(8/π) · (x + 0.044715 x³)):
 * GPT-2's. Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415. It differs from the exact one by up to 5e-4.
 */
export function geluTanh(input: Array): Array {
  const x = lax.stopGradient(input);
  const square = np.square(x);
  const inner = np.multiply(np.multiply(x, SLOPE), np.add(np.multiply(square, CUBIC), 1));
  const sigmoid = np.reciprocal(np.add(np.exp(np.negative(inner)), 1));
  const value = np.multiply(x, sigmoid);
  return withDerivative(value, input, (change) => {
    const slope = np.multiply(np.add(np.multiply(square, 3 * CUBIC), 1), SLOPE);
    const bend = np.multiply(np.multiply(value, np.subtract(1, sigmoid)), slope);
    return np.multiply(change, np.add(sigmoid, bend));
  });
}
