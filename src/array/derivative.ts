import { type Array, lax, np } from "./borrow.ts";

/**
 * `value` with a hand-written derivative, for cases where automatic differentiation would read or keep more large
 * arrays. Nothing checks it here: test its users against PyTorch or finite differences.
 * @param value computed from `lax.stopGradient(x)`; other inputs are differentiated automatically
 * @param derivative the change of `value` for a small change of `x`, linear in it, computed from arrays without
 *   gradient
 */
export function withDerivative(value: Array, x: Array, derivative: (change: Array) => Array): Array {
  // Zero, except for its derivative; the engine recognises this and computes nothing for it.
  const change = np.subtract(x, lax.stopGradient(x));
  return np.add(value, derivative(change));
}
