import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../src/array/rng.ts";
import type { Environment, Policy, Step } from "../../src/environments/environment.ts";
import { worldOf } from "../../src/environments/grasp/image.ts";
import { grasp } from "../../src/environments/grasp.ts";
import type { Action } from "../../src/environments/space.ts";
import { UserError } from "../../src/foundation/errors.ts";

const make = (options: Record<string, unknown> = {}) => grasp.make(grasp.options.parse(options));
const baseline = (name: string): Policy => {
  const policy = grasp.baselines?.[name];
  assert.ok(policy);
  return policy(grasp.options.parse({}));
};

/** One attempt in each of some scenes. */
async function attempts(environment: Environment, policy: Policy, scenes: number): Promise<Step[]> {
  const steps: Step[] = [];
  for (let seed = 0; seed < scenes; seed++) {
    const observation = environment.reset(500 + seed);
    steps.push(environment.step(await policy.act(observation, new Rng(7).split("attempt", seed))));
  }
  return steps;
}
const share = (steps: readonly Step[], of: (step: Step) => boolean) => steps.filter(of).length / steps.length;

test("chance lifts something now and then, a hand-written controller far more often, and the gripper knows", async () => {
  using environment = await make();
  const [chance, across] = [
    await attempts(environment, baseline("random"), 40),
    await attempts(environment, baseline("hand-written"), 40),
  ];
  const lifted = (step: Step) => step.info.lifted === 1;
  const [low, high] = [share(chance, lifted), share(across, lifted)];
  assert.ok(low > 0.1 && low < 0.45, `random ${low}`);
  assert.ok(high > low + 0.15 && high < 0.85, `hand-written ${high}`);
  assert.ok(share([...chance, ...across], (step) => step.reward === step.info.lifted) > 0.97);
  const measures = grasp.measures!;
  const ends = chance.map(({ info }) => info);
  assert.ok(Math.abs(measures["objects lifted"]!(ends) - low) <= 0.05, "hardly ever are two lifted at once");
  assert.ok(measures["own label right"]!(ends) > 0.97);
  assert.ok(chance.every(({ terminated, truncated }) => terminated && !truncated));
});

test("the angle is that along which the fingers close: across a capsule they grip, along it they do not", async () => {
  using environment = await make({ objects: 1, families: ["capsule"] });
  const policy = baseline("hand-written");
  const turned: Policy = {
    async act(observation, rng) {
      const [x = 0, y = 0, angle = 0] = await policy.act(observation, rng);
      return Float32Array.of(x, y, angle + Math.PI / 2);
    },
  };
  const across = share(await attempts(environment, policy, 12), ({ reward }) => reward === 1);
  const along = share(await attempts(environment, turned, 12), ({ reward }) => reward === 1);
  assert.ok(across > 0.9 && along < 0.5, `${across} ${along}`);
});

test("an episode depends on its seed, and goes on from a saved state, bit for bit", async () => {
  using one = await make({ bin: true });
  using other = await make({ bin: true });
  const policy = baseline("hand-written");
  const actions: Action[] = [];
  const [first, again] = [one.reset(3), other.reset(3)];
  assert.deepEqual(first, again);
  let observation = first;
  for (let attempt = 0; attempt < 3; attempt++) {
    actions.push(await policy.act(observation, new Rng(attempt)));
    observation = one.step(actions[attempt]!).observation;
  }
  const state = one.save();
  const action = await policy.act(observation, new Rng(9));
  const expected = one.step(action);
  for (const each of actions) other.step(each);
  assert.deepEqual(other.save(), state);
  assert.deepEqual(other.step(action), expected);
  other.reset(8);
  other.restore(state);
  assert.deepEqual(other.step(action), expected);
});

test("from a bin what was lifted is taken away, until twelve attempts are over or it is empty", async () => {
  using environment = await make({ bin: true, objects: 2 });
  const policy = baseline("hand-written");
  let observation = environment.reset(11);
  let [attempt, cleared] = [0, 0];
  for (let isOver = false; !isOver; attempt++) {
    const step = environment.step(await policy.act(observation, new Rng(attempt)));
    assert.ok(step.info.cleared! >= cleared);
    [observation, cleared, isOver] = [step.observation, step.info.cleared!, step.terminated];
  }
  assert.ok(attempt <= 12 && cleared >= 1);
  if (cleared === 2) {
    const inner = (at: number) => Math.abs((at % 64) - 31.5) < 25 && Math.abs(Math.floor(at / 64) - 31.5) < 25;
    assert.ok(observation.depth!.every((depth, at) => !inner(at) || depth > 0.999));
  }
  environment.reset(11);
  let last: Step | undefined;
  for (let empty = 0; empty < 12; empty++) {
    assert.ok(!last?.terminated);
    last = environment.step(Float32Array.of(-0.7, 0.7, 0));
  }
  assert.equal(last?.terminated, true);
});

test("candidates are places of objects; a film has its moments; what is no action is refused", async () => {
  using environment = await make({ objects: 1 });
  const observation = environment.reset(5);
  const plans = grasp.planning?.(grasp.options.parse({})).plans(observation, new Rng(0)) ?? [];
  assert.equal(plans.length, 150);
  for (const [x = 0, y = 0] of plans)
    assert.ok(observation.depth![Math.floor(32 - 32 * y) * 64 + Math.floor(32 + 32 * x)]! < 0.995);
  assert.ok(new Set(plans.map(([, , angle]) => angle)).size > 12);
  let moments = 0;
  environment.moment = () => moments++;
  environment.step(Float32Array.of(0.97, 0.97, 0));
  assert.equal(moments, 47);
  const picture = environment.render?.(40, 30);
  assert.ok(picture?.length === 40 * 30 * 3 && new Set(picture).size > 6);
  assert.throws(() => environment.step(Float32Array.of(0, Number.NaN, 0)), UserError);
  assert.throws(() => environment.step(Float32Array.of(1)), UserError);
});

test("the middle of the image is the middle of the table, x to the right and y away", () => {
  const depth = new Float32Array(64 * 64).fill(1);
  depth[63] = 0.95;
  assert.deepEqual(worldOf(depth, 0, 0), [0, 0]);
  const [x, y] = worldOf(depth, -1, 1);
  assert.ok(Math.abs(x + 0.14) < 1e-6 && Math.abs(y - 0.14) < 1e-6);
  assert.ok(Math.abs(worldOf(depth, 1, 1)[0] - 0.133) < 1e-6);
});
