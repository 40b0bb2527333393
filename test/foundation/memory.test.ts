import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { allowDecoding, inBytes, memoryBudget } from "../../src/foundation/memory.ts";

test("what is asked for waits until it is free, in the order of asking", async () => {
  const budget = memoryBudget(100);
  const first = await budget.take(60);
  const began: string[] = [];
  const large = budget.take(90).then((giveBack) => {
    began.push("large");
    return giveBack;
  });
  const small = budget.take(10).then((giveBack) => {
    began.push("small");
    return giveBack;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(began, [], "the small one does not overtake");
  first();
  const [giveLarge, giveSmall] = await Promise.all([large, small]);
  assert.deepEqual(began, ["large", "small"]);
  giveLarge();
  giveLarge();
  giveSmall();
  (await budget.take(100))();
  await assert.rejects(budget.take(101), RangeError);
  await assert.rejects(budget.take(Number.NaN), RangeError);
});

test("never more than the budget is promised", async () => {
  const budget = memoryBudget(10);
  let [taken, most] = [0, 0];
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const bytes = 1 + (index % 7);
      const giveBack = await budget.take(bytes);
      taken += bytes;
      most = Math.max(most, taken);
      await new Promise((resolve) => setTimeout(resolve, index % 3));
      taken -= bytes;
      giveBack();
    }),
  );
  assert.ok(most <= 10 && most >= 7, `${most}`);
});

test("what the user allows holds in threads, too", async () => {
  allowDecoding(12_345);
  const module = JSON.stringify(new URL("../../src/foundation/memory.ts", import.meta.url).href);
  const code = `import(${module}).then(({ allowedForDecoding }) => require("node:worker_threads").parentPort.postMessage(allowedForDecoding()))`;
  const worker = new Worker(code, { eval: true });
  assert.equal(await new Promise((resolve) => worker.once("message", resolve)), 12_345);
  await worker.terminate();
});

test("bytes in words", () => {
  assert.deepEqual([999, 64 * 2 ** 20, 1.05 * 2 ** 30, 0].map(inBytes), ["999 bytes", "64 MB", "1.1 GB", "0 bytes"]);
});
