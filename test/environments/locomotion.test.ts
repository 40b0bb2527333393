import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Rng } from "../../src/array/rng.ts";
import { CARTPOLE } from "../../src/environments/cartpole-swingup-sparse.ts";
import type { Policy } from "../../src/environments/environment.ts";
import { HALF_CHEETAH } from "../../src/environments/half-cheetah.ts";
import { HOPPER } from "../../src/environments/hopper.ts";
import { environments } from "../../src/environments/index.ts";
import { mjcfOf } from "../../src/environments/mujoco/planar.ts";
import { openSimulator } from "../../src/environments/mujoco/simulator.ts";
import { randomAction } from "../../src/environments/space.ts";
import { WALKER } from "../../src/environments/walker2d.ts";
import { moved } from "../fixtures/mujoco/published.ts";

const open = async (name: string, options: Record<string, unknown> = {}) => {
  const definition = await environments.load(name);
  return definition.make(definition.options.parse(options));
};

/** Masses of the bodies as Gymnasium's files have them under a MuJoCo of now, as others have printed them: kilograms. */
const MASSES = {
  "half-cheetah": [6.25020921, 1.54351464, 1.5874477, 1.09539749, 1.43807531, 1.20083682, 0.88451883],
  hopper: [3.66519143, 4.05789051, 2.7813567, 5.31557477],
  walker2d: [3.66519143, 4.05789051, 2.7813567, 3.16672539, 4.05789051, 2.7813567, 3.16672539],
};
const ROBOTS = { "half-cheetah": HALF_CHEETAH, hopper: HOPPER, walker2d: WALKER };

test("the robots weigh what the published ones weigh, body by body", async () => {
  for (const [name, robot] of Object.entries(ROBOTS)) {
    using simulator = await openSimulator(mjcfOf(robot));
    const [world, ...masses] = simulator.masses;
    assert.equal(world, 0);
    const published = MASSES[name as keyof typeof MASSES];
    assert.equal(masses.length, published.length);
    for (const [at, mass] of masses.entries())
      assert.ok(Math.abs(mass - published[at]!) < 1e-8, `${name} ${at}: ${mass}`);
  }
});

test("the robots move as the published ones do, to rounding", async () => {
  const published: Record<string, Record<string, number[]>> = JSON.parse(
    await readFile(new URL("../fixtures/mujoco/published.json", import.meta.url), "utf8"),
  );
  const models = Object.entries(ROBOTS).map(([name, robot]): [string, string] => [name, mjcfOf(robot)]);
  for (const [name, xml] of [...models, ["cartpole-swingup-sparse", CARTPOLE] as const]) {
    using simulator = await openSimulator(xml);
    const positions = moved(simulator);
    assert.deepEqual(Object.keys(positions), Object.keys(published[name]!));
    for (const [after, expected] of Object.entries(published[name]!)) {
      assert.equal(positions[after]!.length, expected.length);
      for (const [at, value] of expected.entries())
        assert.ok(
          Math.abs(positions[after]![at]! - value) < 1e-9,
          `${name} ${after} ${at}: ${positions[after]![at]} ${value}`,
        );
    }
  }
});

async function play(name: string, episodes: number) {
  using world = await open(name);
  const rng = new Rng(1);
  let [total, steps] = [0, 0];
  for (let episode = 0; episode < episodes; episode++) {
    world.reset(episode);
    for (let isOver = false; !isOver; steps++) {
      const step = world.step(randomAction(world.actionSpace, rng));
      total += step.reward;
      isOver = step.terminated || step.truncated;
    }
  }
  return { mean: total / episodes, length: steps / episodes };
}

test("random actions earn what they are known to earn", async () => {
  // Of single episodes the return of half-cheetah varies by ± 80; D4RL has −280 for it and 1.6 for walker2d, under an older MuJoCo.
  const cheetah = await play("half-cheetah", 4);
  assert.ok(cheetah.mean > -420 && cheetah.mean < -180, `${cheetah.mean}`);
  assert.equal(cheetah.length, 1000);
  const hopper = await play("hopper", 100);
  assert.ok(hopper.mean > 13 && hopper.mean < 24 && hopper.length > 16 && hopper.length < 27, JSON.stringify(hopper));
  const walker = await play("walker2d", 100);
  assert.ok(walker.mean > -1 && walker.mean < 7 && walker.length > 15 && walker.length < 27, JSON.stringify(walker));
});

test("observation and reward are put together as Gymnasium puts them", async () => {
  using world = await open("half-cheetah");
  using twin = await openSimulator(mjcfOf(HALF_CHEETAH));
  const observation = world.reset(3);
  assert.deepEqual(world.observationSpace.state!.names?.slice(0, 3), ["height", "angle", "back thigh"]);
  twin.restore(world.save().subarray(1));
  assert.deepEqual(observation.state, Float32Array.from([...twin.positions.subarray(1), ...twin.velocities]));
  const action = Float32Array.of(0.5, -1, 0.25, 2, 0, -0.75);
  const before = twin.positions[0]!;
  const step = world.step(action);
  // Beyond its range a control does no more, but costs more.
  twin.setControls(action.map((value) => Math.max(-1, Math.min(1, value))));
  twin.step(5);
  assert.deepEqual(step.observation.state, Float32Array.from([...twin.positions.subarray(1), ...twin.velocities]));
  const squares = action.reduce((sum, value) => sum + value ** 2, 0);
  assert.ok(Math.abs(step.reward - ((twin.positions[0]! - before) / 0.05 - 0.1 * squares)) < 1e-12);
});

test("a fall ends the episode, a limit cuts it off", async () => {
  using walker = await open("walker2d", { episodeSteps: 3 });
  walker.reset(0);
  const idle = new Float32Array(6);
  assert.deepEqual(
    Array.from({ length: 3 }, () => {
      const { terminated, truncated } = walker.step(idle);
      return { terminated, truncated };
    }),
    [false, false, true].map((truncated) => ({ terminated: false, truncated })),
  );
  using hopper = await open("hopper");
  hopper.reset(0);
  let [steps, reward] = [0, 0];
  for (let isOver = false; !isOver; steps++) {
    const step = hopper.step(Float32Array.of(1, 1, 1));
    assert.equal(step.truncated, false);
    [isOver, reward] = [step.terminated, step.reward];
    const [height = 0, angle = 0] = step.observation.state!;
    assert.equal(isOver, height <= 0.7 || Math.abs(angle) >= 0.2);
  }
  assert.ok(steps < 100);
  assert.ok(reward > -5, "the last step has its reward for being up, too");
});

test("cart-pole: chance finds nothing, a person's controller swings up and holds", async () => {
  const { baselines } = await environments.load("cartpole-swingup-sparse");
  const energy: Policy = baselines!.energy!({});
  using world = await open("cartpole-swingup-sparse");
  const play = async (policy: Policy) => {
    let observation = world.reset(1);
    let total = 0;
    for (;;) {
      const step = world.step(await policy.act(observation, new Rng(0)));
      assert.equal(step.terminated, false);
      total += step.reward;
      observation = step.observation;
      if (step.truncated) return { total, found: step.info.found };
    }
  };
  const rng = new Rng(0);
  assert.deepEqual(await play({ act: () => randomAction(world.actionSpace, rng) }), { total: 0, found: 0 });
  const swung = await play(energy);
  assert.equal(swung.found, 1);
  assert.ok(swung.total > 600, `${swung.total}`);
});
