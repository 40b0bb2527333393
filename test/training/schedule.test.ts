import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { learningRateAt } from "../../src/training/schedule.ts";

test("rises linearly, peaks, and follows half a cosine to the minimum", () => {
  const schedule = { peak: 1, minimum: 0.2, warmupSteps: 4, steps: 12 };
  const rates = Array.from({ length: 13 }, (_, step) => learningRateAt(step, schedule));
  assert.deepEqual(rates.slice(0, 5), [0.25, 0.5, 0.75, 1, 1]);
  assert.ok(Math.abs(rates[8]! - 0.6) < 1e-12, "half way down");
  assert.ok(Math.abs(rates[6]! - (0.6 + 0.4 * Math.SQRT1_2)) < 1e-12, "a quarter of the way");
  assert.ok(Math.abs(rates[12]! - 0.2) < 1e-12);
});

test("stays within (0, peak] in every step, and never rises after the warm-up", () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.double({ min: 0, max: 60, noNaN: true }),
      fc.double({ min: 1e-6, max: 10, noNaN: true }),
      (steps, warmupSteps, peak) => {
        let before = peak;
        for (let step = 0; step < steps; step++) {
          const rate = learningRateAt(step, { peak, warmupSteps, steps });
          assert.ok(rate > 0 && rate <= peak, `${rate} at step ${step}`);
          if (step >= warmupSteps) {
            assert.ok(rate <= before);
            before = rate;
          }
        }
      },
    ),
  ));
