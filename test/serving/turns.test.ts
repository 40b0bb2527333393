import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { turns } from "../../src/serving/turns.ts";

test("small work goes before large work that came earlier, and both give their results", async () => {
  const inTurn = turns(1);
  const order: string[] = [];
  const work = (name: string) => () => {
    order.push(name);
    return name;
  };
  const results = [inTurn(0, work("first")), inTurn(50_000, work("large")), inTurn(10, work("small"))];
  assert.deepEqual(await Promise.all(results), ["first", "large", "small"]);
  assert.deepEqual(order, ["first", "small", "large"]);
});

test("the event loop turns between pieces of work, and no more than so many run at once", async () => {
  const inTurn = turns(2);
  let [turn, running, most] = [0, 0, 0];
  let done = false;
  const counting = (async () => {
    for (; !done; turn++) await setImmediate();
  })();
  const seen = await Promise.all(
    Array.from({ length: 8 }, () =>
      inTurn(100, async () => {
        most = Math.max(most, ++running);
        const began = turn;
        for (let wait = 0; wait < 5; wait++) await setImmediate();
        running--;
        return began;
      }),
    ),
  );
  done = true;
  await counting;
  assert.equal(most, 2);
  assert.ok(new Set(seen).size >= 4, seen.join());
});

test("work that fails rejects its caller alone", async () => {
  const inTurn = turns(1);
  const failing = inTurn(1, () => {
    throw new Error("broken");
  });
  const fine = inTurn(1, async () => 2);
  await assert.rejects(failing, { message: "broken" });
  assert.equal(await fine, 2);
});
