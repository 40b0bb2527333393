import assert from "node:assert/strict";

/** Asserts that numbers are as expected, each up to `tolerance`. */
export function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-4): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++)
    assert.ok(Math.abs(actual[i]! - expected[i]!) <= tolerance, `element ${i}: ${actual[i]} for ${expected[i]}`);
}
