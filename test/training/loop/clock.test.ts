import assert from "node:assert/strict";
import { test } from "node:test";
import { startClock } from "../../../src/training/loop/clock.ts";

test("rates are per row; seconds and the mean step time are over the whole run", (t) => {
  let now = 5000;
  t.mock.method(performance, "now", () => now);
  const clock = startClock(8);
  clock.step(100);
  clock.step(300);
  now += 2000;
  assert.deepEqual(clock.lap(), { samplesPerSecond: 8, waitFraction: 0.2, seconds: 2, secondsPerStep: 1 });
  clock.step(0);
  now += 4000;
  assert.deepEqual(clock.lap(), { samplesPerSecond: 2, waitFraction: 0, seconds: 6, secondsPerStep: 2 });
});

test("a pause is not among the time of its row, and among that of the run", (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const clock = startClock(8);
  clock.step(0);
  now += 5000;
  clock.pause(3);
  assert.deepEqual(clock.lap(), { samplesPerSecond: 4, waitFraction: 0, seconds: 5, secondsPerStep: 5 });
});
