import { type Array, lax, np } from "./borrow.ts";

/**
 * `value` with a derivative that is written down, where differentiation's own would read large arrays more often or keep
 * more of them. Nothing checks it: whatever uses this is tested against PyTorch or finite differences.
 * @param value made of `lax.stopGradient(x)`; it is differentiated in whatever else it is made of
 * @param derivative the change of `value` for a small change of `x`, linear in it, made of arrays that do not differ
 */
export function withDerivative(value: Array, x: Array, derivative: (change: Array) => Array): Array {
  // Zero, but for its derivative; the engine sees that and computes nothing for it.
  const change = np.subtract(x, lax.stopGradient(x));
  return np.add(value, derivative(change));
}
