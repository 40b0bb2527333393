import assert from "node:assert/strict";
import { test } from "node:test";
import { navigate } from "../../../../src/environments/navigate.ts";
import { measuresOf } from "../../../../src/modalities/experience/acting/measures.ts";

test("an environment's measures come with intervals over episodes; of one that has none there are none", () => {
  const end = (reached: number) => ({ reached, collision: 1 - reached, shortest: 5, path: 10 });
  const ends = Array.from({ length: 100 }, (_, at) => end(at < 80 ? 1 : 0));
  const { SPL, ...others } = measuresOf(navigate, ends);
  assert.ok(Math.abs(SPL!.value - 0.4) < 1e-12);
  // Half of a share of 0.8 of 100: its deviation is 0.5 · √(0.8 · 0.2 / 100) = 0.02.
  assert.ok(
    Math.abs(SPL!.low - (0.4 - 0.0392)) < 0.01 && Math.abs(SPL!.high - (0.4 + 0.0392)) < 0.01,
    JSON.stringify(SPL),
  );
  const { value, low, high } = others["collisions / 100 m"]!;
  assert.ok(Math.abs(value - 2) < 1e-12 && low > 1 && low < 2 && high > 2 && high < 3);
  assert.deepEqual(measuresOf({}, ends), {});
});
