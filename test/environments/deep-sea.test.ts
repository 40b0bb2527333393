import assert from "node:assert/strict";
import { test } from "node:test";
import { deepSea } from "../../src/environments/deep-sea.ts";
import type { Environment } from "../../src/environments/environment.ts";

const sea = (size: number, mapping: number): Promise<Environment> => deepSea.make({ size, mapping });

/** One episode of these actions. */
function dive(world: Environment, actions: readonly number[]) {
  let observation = world.reset(0);
  const cells: number[] = [];
  const rewards: number[] = [];
  let treasure = 0;
  let ended = false;
  for (const action of actions) {
    assert.equal(ended, false);
    const { state } = observation;
    assert.equal(
      state!.reduce((sum, value) => sum + value, 0),
      1,
    );
    cells.push(state!.indexOf(1));
    const step = world.step(Float32Array.of(action));
    observation = step.observation;
    rewards.push(step.reward);
    treasure = step.info.treasure!;
    ended = step.terminated;
    assert.equal(step.truncated, false);
  }
  return {
    cells,
    rewards,
    treasure,
    ended,
    sum: rewards.reduce((sum, reward) => sum + reward, 0),
    last: observation.state!,
  };
}

/** The actions whose bits are those of a number. */
const bits = (number: number, size: number): number[] => Array.from({ length: size }, (_, at) => (number >> at) & 1);

test("of all 2ᴺ sequences of actions one finds the treasure: chance does in one of 2ᴺ episodes", async () => {
  for (const [size, mapping] of [
    [2, 0],
    [5, 3],
    [8, 12],
  ] as const) {
    using world = await sea(size, mapping);
    const found = Array.from({ length: 2 ** size }, (_, number) => dive(world, bits(number, size))).filter(
      ({ treasure }) => treasure === 1,
    );
    assert.equal(found.length, 1);
    const [best] = found;
    // Along the diagonal, at a cost of 0.01 / N each: bsuite's rules.
    assert.deepEqual(
      best!.cells,
      Array.from({ length: size }, (_, row) => row * size + row),
    );
    assert.ok(Math.abs(best!.sum - 0.99) < 1e-12);
    best!.rewards.slice(0, -1).forEach((reward) => {
      assert.equal(reward, -0.01 / size);
    });
    assert.equal(best!.ended, true);
    assert.ok(best!.last.every((value) => value === 0));
  }
});

test("every other episode is worth less than nothing for each move to the right, and nothing without one", async () => {
  const size = 6;
  using world = await sea(size, 5);
  const sums = Array.from({ length: 2 ** size }, (_, number) => dive(world, bits(number, size)));
  // A move to the right costs, wherever it leads; how many of them an episode has is binomial.
  const counts = Array.from({ length: size + 1 }, () => 0);
  for (const { sum, treasure } of sums) {
    const moves = Math.round(((treasure - sum) * size) / 0.01);
    assert.ok(Math.abs(treasure - sum - (0.01 * moves) / size) < 1e-12);
    counts[moves]! += 1;
  }
  assert.deepEqual(counts, [1, 6, 15, 20, 15, 6, 1]);
});

test("which action goes right differs from cell to cell and from mapping to mapping, and not from seed to seed", async () => {
  const best = async (mapping: number) => {
    using world = await sea(10, mapping);
    const actions: number[] = [];
    for (let row = 0; row < 10; row++) {
      world.reset(row);
      for (const action of actions) world.step(Float32Array.of(action));
      const { state } = world.step(Float32Array.of(1)).observation;
      const goesRight = row === 9 ? world.save()[1] === 9 : state!.indexOf(1) === (row + 1) * 10 + row + 1;
      actions.push(goesRight ? 1 : 0);
    }
    return actions;
  };
  const [zero, one, again] = [await best(0), await best(1), await best(0)];
  assert.deepEqual(zero, again);
  assert.notDeepEqual(zero, one);
  for (const actions of [zero, one]) assert.ok(actions.includes(0) && actions.includes(1));
});
