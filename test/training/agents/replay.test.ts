import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/index.ts";
import { box } from "../../../src/environments/space.ts";
import { Priorities } from "../../../src/training/agents/priorities.ts";
import { type Ending, Replay } from "../../../src/training/agents/replay.ts";

const spaces = { observation: { state: box([2], -100, 100) }, action: box([1], -1, 1) };
const seen = (at: number) => ({ state: Float32Array.of(at, -at) });

/** Episodes whose observations count on: of 3 steps to a termination, of 2 to a limit of time, and one under way. */
function filled(capacity = 100, hasPriorities = false): Replay {
  const replay = new Replay(spaces, capacity, hasPriorities);
  let at = 0;
  for (const endings of [
    ["goes on", "goes on", "terminated"],
    ["goes on", "cut off"],
    ["goes on", "goes on"],
  ] satisfies Ending[][]) {
    replay.begin(seen(at));
    for (const ending of endings) {
      replay.step(Float32Array.of(at / 10), at, ending, seen(at + 1));
      replay.pay(at + 0.5);
      at++;
    }
    at++;
  }
  return replay;
}

const rows = (data: ArrayLike<number>, width: number) =>
  globalThis.Array.from({ length: data.length / width }, (_, row) =>
    globalThis.Array.from({ length: width }, (_, at) => data[row * width + at]!),
  );

test("windows stay in their episode, repeat its last observation, and tell a limit of time from an end", () => {
  const replay = filled();
  assert.equal(replay.size, 7);
  const windows = replay.windows(Int32Array.of(1, 3, 6), 3, 3);
  const states = rows(windows.observation.state!.data, 8).map((row) => row.filter((_, at) => at % 2 === 0));
  // The steps of transition 1 are from 1 and 2, of 3 from 4 and 5, of 6 from 8.
  assert.deepEqual(states, [
    [1, 2, 3, 3],
    [4, 5, 6, 6],
    [8, 9, 9, 9],
  ]);
  assert.deepEqual(rows(windows.reward.data, 3), [
    [1, 2, 0],
    [4, 5, 0],
    [8, 0, 0],
  ]);
  assert.deepEqual(rows(windows.valid.data, 3), [
    [1, 1, 0],
    [1, 1, 0],
    [1, 0, 0],
  ]);
  assert.deepEqual(rows(windows.terminated.data, 3), [
    [0, 1, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
  assert.deepEqual(rows(windows.bonus.data, 3)[0], [1.5, 2.5, 0]);
  assert.deepEqual([...windows.action.data].slice(0, 3), [Math.fround(0.1), Math.fround(0.2), 0]);
  // The next episode's first observation, or the last there is.
  assert.deepEqual(
    rows(windows.onward.state!.data, 2).map(([first]) => first),
    [4, 7, 9],
  );
  // An agent that looks one step ahead has not met the end yet.
  const near = replay.windows(Int32Array.of(1, 2), 3, 1);
  assert.deepEqual(
    rows(near.onward.state!.data, 2).map(([first]) => first),
    [2, 4],
  );
});

test("the oldest is forgotten, and never drawn", () => {
  const replay = filled(6, true);
  // Rows 4 … 9 are left: transitions 3 … 6 have a step there.
  assert.equal(replay.size, 4);
  const drawn = replay.draw(200, new Rng(0));
  assert.deepEqual([...new Set(drawn)].sort(), [3, 4, 5, 6]);
  replay.prioritise(Int32Array.of(0, 4), Float32Array.of(5, 0));
  assert.ok(!replay.draw(200, new Rng(1)).includes(4));
});

test("what is written and read draws the same, in a full ring too", () => {
  for (const capacity of [100, 6]) {
    const first = filled(capacity, true);
    first.prioritise(Int32Array.of(3, 5), Float32Array.of(2.5, 0.25));
    const second = new Replay(spaces, capacity, true);
    const before = Math.max(0, first.rows - capacity);
    second.read(first.written(before), before, first.transitions);
    second.begin(seen(9));
    const { each, largest } = first.priorities();
    second.restore(each, largest);
    assert.equal(second.rows, first.rows);
    for (const replay of [first, second]) {
      replay.step(Float32Array.of(0.5), 3, "terminated", seen(10));
      replay.begin(seen(11));
    }
    const draws = [first, second].map((replay) => replay.draw(64, new Rng(3)));
    assert.deepEqual(draws[0], draws[1]);
    assert.deepEqual(first.windows(draws[0]!, 2, 1), second.windows(draws[1]!, 2, 1));
    assert.deepEqual(first.priorities(), second.priorities());
  }
});

test("places are found in proportion to their priorities", () => {
  const priorities = new Priorities(5);
  for (const [place, priority] of [1, 0, 3, 4, 2].entries()) priorities.set(place, priority);
  assert.equal(priorities.total, 10);
  assert.deepEqual(
    [0, 0.09, 0.1, 0.39, 0.4, 0.79, 0.8, 0.999999].map((share) => priorities.find(share)),
    [0, 0, 2, 2, 3, 3, 4, 4],
  );
  assert.equal(priorities.largest(), 4);
  priorities.set(3, 0);
  assert.equal(priorities.total, 6);
  assert.deepEqual(
    [0.16, 0.17, 0.66, 0.67].map((share) => priorities.find(share)),
    [0, 2, 2, 4],
  );
});
