import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { batcher } from "../../src/serving/batcher.ts";

const FOREVER = 2 ** 30;

test("every row gets its result, for any requests, batches and order of waiting", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer(), { maxLength: 9 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.boolean(), { minLength: 1 }),
      async (requests, size, pauses) => {
        const batches: number[] = [];
        const { submit } = batcher<number, string>({
          async run(rows) {
            batches.push(rows.length);
            if (pauses[batches.length % pauses.length]) await setImmediate();
            return rows.map((row) => `result of ${row}`);
          },
          size,
          waitMs: 0,
        });
        const answers: Promise<string[]>[] = [];
        for (const [at, rows] of requests.entries()) {
          answers.push(submit(rows));
          if (pauses[at % pauses.length]) await setImmediate();
        }
        assert.deepEqual(
          await Promise.all(answers),
          requests.map((rows) => rows.map((row) => `result of ${row}`)),
        );
        assert.ok(batches.every((count) => count >= 1 && count <= size));
        assert.equal(
          batches.reduce((sum, count) => sum + count, 0),
          requests.flat().length,
        );
      },
    ),
    { numRuns: 60 },
  ));

test("a batch is computed as soon as it is full, and not before while there is time to wait", async () => {
  const batches: number[][] = [];
  const { submit } = batcher<number, number>({
    async run(rows) {
      batches.push([...rows]);
      return rows;
    },
    size: 4,
    waitMs: FOREVER,
  });
  const first = submit([1, 2]);
  await setImmediate();
  assert.deepEqual(batches, []);
  const second = submit([3, 4]);
  assert.deepEqual(await Promise.all([first, second]), [
    [1, 2],
    [3, 4],
  ]);
  assert.deepEqual(batches, [[1, 2, 3, 4]]);
});

test("a batch that is not full is computed when its first row has waited long enough", async () => {
  const { submit } = batcher<number, number>({ run: async (rows) => rows.map((row) => -row), size: 100, waitMs: 5 });
  assert.deepEqual(await Promise.all([submit([1]), submit([2, 3])]), [[-1], [-2, -3]]);
});

test("one batch is computed at a time; rows that arrive meanwhile form the next", async () => {
  const gates: (() => void)[] = [];
  let running = 0;
  const batches: number[][] = [];
  const { submit } = batcher<number, number>({
    async run(rows) {
      assert.equal(++running, 1);
      batches.push([...rows]);
      await new Promise<void>((resolve) => gates.push(resolve));
      running--;
      return rows;
    },
    size: 8,
    waitMs: 0,
  });
  const answers = [submit([1]), submit([2]), submit([3, 4])];
  assert.deepEqual(batches, [[1]]);
  gates[0]!();
  await answers[0];
  await setImmediate();
  assert.deepEqual(batches, [[1], [2, 3, 4]]);
  gates[1]!();
  await Promise.all(answers);
});

test("a failing batch rejects its rows only, and the next is computed", async () => {
  const { submit } = batcher<number, number>({
    async run(rows) {
      if (rows.includes(13)) throw new Error("no thirteens");
      return rows.slice(0, rows.includes(0) ? 0 : rows.length);
    },
    size: 2,
    waitMs: 0,
  });
  const answers = await Promise.allSettled([submit([1]), submit([13]), submit([5]), submit([6, 7]), submit([0])]);
  assert.deepEqual(
    answers.map((answer) => (answer.status === "fulfilled" ? answer.value : answer.reason.message)),
    [[1], "no thirteens", "no thirteens", [6, 7], "0 results for 1 rows"],
  );
});

test("rows whose caller has gone are not computed", async () => {
  const computed: number[][] = [];
  const gate = Promise.withResolvers<void>();
  const { submit } = batcher<number, number>({
    async run(rows) {
      computed.push([...rows]);
      await gate.promise;
      return rows;
    },
    size: 2,
    waitMs: 0,
  });
  const first = submit([1, 2]);
  const gone = new AbortController();
  const left = assert.rejects(submit([3, 4, 5], gone.signal), { message: "gone" });
  const stays = submit([6]);
  gone.abort(new Error("gone"));
  await left;
  gate.resolve();
  assert.deepEqual([await first, await stays], [[1, 2], [6]]);
  assert.deepEqual(computed, [[1, 2], [6]]);
  assert.throws(() => submit([7], gone.signal), { message: "gone" });
});
