import { type Array, lax, nn, np, withDerivative } from "../../array/index.ts";

/** Softmax over the last axis. Its derivative needs nothing but the result, s · (dx − Σ s · dx). */
export function softmax(x: Array): Array {
  const shares = nn.softmax(lax.stopGradient(x), -1);
  return withDerivative(shares, x, (change) => {
    const weighted = np.multiply(change, shares);
    return np.add(weighted, np.multiply(shares, np.negative(np.sum(weighted, -1, { keepdims: true }))));
  });
}
