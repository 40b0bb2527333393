import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { deadlineOf } from "../../src/foundation/deadline.ts";

/** Whether a thread that runs this code is found late within some seconds of a limit of `limit`. */
async function isLate(code: string, limit: number, watched: number): Promise<boolean> {
  const worker = new Worker(code, { eval: true });
  const late = Promise.withResolvers<true>();
  const deadline = deadlineOf(worker, () => late.resolve(true));
  deadline.start(limit);
  try {
    return await Promise.race([late.promise, sleep(1000 * watched, false)]);
  } finally {
    deadline.stop();
    await worker.terminate();
  }
}

test("a thread that computes without end is late", async () => {
  assert.equal(await isLate("for (;;);", 0.3, 10), true);
});

test("a thread that cannot say at first what it has computed, since it starts on a busy machine, is not late for it", async () => {
  const silent =
    "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200); setInterval(() => undefined, 1000);";
  assert.equal(await isLate(silent, 3, 4.5), false);
});
