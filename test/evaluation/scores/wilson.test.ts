import assert from "node:assert/strict";
import { test } from "node:test";
import { wilson } from "../../../src/evaluation/scores/wilson.ts";

test("Wilson's interval is that of the literature, and stays within 0 and 1", () => {
  // Newcombe 1998, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I, method 3.
  for (const [successes, trials, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    const found = wilson(successes, trials);
    assert.ok(Math.abs(found[0] - low) < 6e-5 && Math.abs(found[1] - high) < 6e-5, `${successes}/${trials}: ${found}`);
  }
  assert.equal(wilson(20, 20)[1], 1);
  assert.deepEqual(wilson(0, 0), [0, 1]);
});
