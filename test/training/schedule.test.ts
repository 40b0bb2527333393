import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type LearningRateSchedule, learningRateAt, numbersAt, weightDecayAt } from "../../src/training/schedule.ts";

test("rises linearly, peaks, and follows half a cosine to the minimum", () => {
  const schedule = { peak: 1, finalLearningRate: 0.2, warmupSteps: 4, steps: 12 };
  const rates = Array.from({ length: 13 }, (_, step) => learningRateAt(step, schedule));
  assert.deepEqual(rates.slice(0, 5), [0.25, 0.5, 0.75, 1, 1]);
  assert.ok(Math.abs(rates[8]! - 0.6) < 1e-12, "half way down");
  assert.ok(Math.abs(rates[6]! - (0.6 + 0.4 * Math.SQRT1_2)) < 1e-12, "a quarter of the way");
  assert.ok(Math.abs(rates[12]! - 0.2) < 1e-12);
});

test("the final rate is a share of the peak", () => {
  const schedule = { peak: 5, finalLearningRate: 0.2, warmupSteps: 0, steps: 4 };
  assert.ok(Math.abs(learningRateAt(4, schedule) - 1) < 1e-12);
});

test("the schedule step leaves a tenth after each milestone, constant leaves the peak, both after the warm-up", () => {
  const rates = (schedule: "step" | "constant", milestones: number[]) =>
    Array.from({ length: 10 }, (_, step) =>
      Number(learningRateAt(step, { schedule, milestones, peak: 2, warmupSteps: 2, steps: 10 }).toPrecision(12)),
    );
  assert.deepEqual(rates("step", [0.6, 0.8]), [1, 2, 2, 2, 2, 2, 0.2, 0.2, 0.02, 0.02]);
  // A share that is no whole number of steps: the nearest.
  assert.deepEqual(rates("step", [0.44]), [1, 2, 2, 2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]);
  assert.deepEqual(rates("constant", []), [1, ...Array(9).fill(2)]);
  // RotNet's rates on CIFAR-10: 0.1, 0.02, 0.004, 0.0008.
  const rotNet: LearningRateSchedule = {
    ...{ schedule: "step", milestones: [0.3, 0.6, 0.8], drop: 0.2, peak: 0.1, warmupSteps: 0, steps: 10 },
  };
  assert.deepEqual(
    [0, 3, 6, 8].map((step) => Number(learningRateAt(step, rotNet).toPrecision(12))),
    [0.1, 0.02, 0.004, 0.0008],
  );
});

test("the decay follows half a cosine from the first step on, as in DINO's code", () => {
  const decay = { weightDecay: 0.04, finalWeightDecay: 0.4 };
  // dino/utils.py: final + 0.5 (base − final) (1 + cos(π i / n)).
  const expected = [
    [0, 0.04],
    [0.25, 0.4 - 0.18 * (1 + Math.SQRT1_2)],
    [0.5, 0.22],
    [1, 0.4],
  ] as const;
  for (const [progress, value] of expected) assert.ok(Math.abs(weightDecayAt(progress, decay) - value) < 1e-12);
  assert.equal(weightDecayAt(0.3, { weightDecay: 0.1, finalWeightDecay: 0.1 }), 0.1);
  const training = { learningRate: 3, ...decay };
  assert.deepEqual(numbersAt(2, { steps: 4, warmupSteps: 3 }, training), {
    ...{ learningRate: 3, constantRate: 3, weightDecay: weightDecayAt(0.5, decay), progress: 0.5 },
  });
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
