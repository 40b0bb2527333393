import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../src/array/rng.ts";
import type { Policy, Step } from "../../src/environments/environment.ts";
import { turn } from "../../src/environments/navigate/motion.ts";
import { ROBOT_RADIUS, worldOf } from "../../src/environments/navigate/world.ts";
import { navigate } from "../../src/environments/navigate.ts";

const settings = (given: object) => navigate.options.parse(given);

/** Ends of episodes that a policy acted in. */
async function played(policy: Policy, given: object, episodes: number): Promise<Step["info"][]> {
  using world = await navigate.make(settings(given));
  const ends: Step["info"][] = [];
  for (let episode = 0; episode < episodes; episode++) {
    let observation = world.reset(episode);
    policy.reset?.(episode);
    for (const rng = new Rng(episode); ; ) {
      const step = world.step(await policy.act(observation, rng));
      observation = step.observation;
      if (!step.terminated && !step.truncated) continue;
      ends.push(step.info);
      break;
    }
  }
  return ends;
}
const policyOf = (name: string, given: object): Policy => navigate.baselines![name]!(settings(given));
const mean = (ends: readonly Step["info"][], name: string) =>
  ends.reduce((sum, end) => sum + end[name]!, 0) / ends.length;

test("a robot that drives straight on collides, one that drives in circles does not, and a limit cuts it off", async () => {
  using world = await navigate.make(settings({ limit: 30 }));
  const drive = (rate: number, seed: number): Step => {
    world.reset(seed);
    for (;;) {
      const step = world.step(Float32Array.of(rate));
      if (step.terminated || step.truncated) return step;
    }
  };
  const ends = Array.from({ length: 20 }, (_, seed) => drive(0, seed));
  const crashed = ends.filter(({ info }) => info.collision === 1);
  assert.ok(crashed.length > 5, `${crashed.length} of 20`);
  for (const { terminated, truncated, reward, info } of crashed) {
    assert.deepEqual([terminated, truncated], [true, false]);
    assert.ok(Math.abs(reward - (0.1 - 1)) < 1e-9);
    assert.ok(info.path! >= 0.3, "there is room where it begins");
  }
  const cut = ends.find(({ info }) => info.collision === 0)!;
  assert.deepEqual([cut.terminated, cut.truncated], [false, true]);
  assert.ok(Math.abs(cut.info.path! - 3) < 1e-9);
});

test("what the robot knows of its goal is where it is; who heads for it in a free world reaches it by a path that is nearly the shortest", async () => {
  using world = await navigate.make(settings({ goals: true }));
  const straight = policyOf("straight", { goals: true });
  let reached = 0;
  for (let seed = 0; seed < 40; seed++) {
    let observation = world.reset(seed);
    const [, , , , , , goalX, goalY] = world.save();
    for (let over = false; !over; ) {
      const [x = 0, y = 0, heading = 0] = world.save().slice(1);
      const [distance = 0, bearing = 0] = observation.goal!;
      assert.ok(Math.abs(x + distance * Math.cos(heading + bearing) - goalX!) < 1e-4);
      assert.ok(Math.abs(y + distance * Math.sin(heading + bearing) - goalY!) < 1e-4);
      const step = world.step(await straight.act(observation, new Rng(0)));
      observation = step.observation;
      over = step.terminated || step.truncated;
      if (step.info.reached !== 1) continue;
      reached += 1;
      assert.ok(step.info.path! >= step.info.shortest! - 0.1, "no path is shorter than the shortest");
      assert.ok(step.info.path! < step.info.shortest! + 2.5);
      assert.ok(observation.goal![0]! < 0.4 + 1e-6);
    }
  }
  assert.ok(reached >= 4 && reached <= 20, `${reached} of 40 straight to the goal`);
});

test("the hand-written controller reaches far more goals than who drives straight, from either kind of sight", async () => {
  for (const camera of ["scan", "depth"]) {
    const given = { goals: true, part: "validation", camera };
    const [straight, written] = [
      await played(policyOf("straight", given), given, 30),
      await played(policyOf("hand-written", given), given, 30),
    ];
    const [before, after] = [mean(straight, "reached"), mean(written, "reached")];
    assert.ok(after > before + 0.25, `${camera}: ${before} and ${after}`);
  }
});

test("a planner that is told what collides reaches nearly all goals: what is left to learn is that", async () => {
  using world = await navigate.make(settings({ goals: true, part: "validation" }));
  const { steps, plans, choose } = navigate.planning!(settings({}));
  assert.equal(steps, 10);
  let reached = 0;
  for (let seed = 0; seed < 30; seed++) {
    let observation = world.reset(seed);
    for (;;) {
      const candidates = plans(observation, new Rng(0));
      const [index = 0, x = 0, y = 0, heading = 0] = world.save();
      const truth = worldOf("validation", index);
      const success = Float32Array.from(candidates, (plan) => {
        let pose = { x, y, heading };
        return Number(
          plan.every((rate) => {
            pose = turn(pose, rate);
            return truth.clearance(pose.x, pose.y) >= ROBOT_RADIUS;
          }),
        );
      });
      const step = world.step(candidates[choose!(observation, candidates, success)]!.slice(0, 1));
      observation = step.observation;
      if (!step.terminated && !step.truncated) continue;
      reached += step.info.reached!;
      break;
    }
  }
  assert.ok(reached >= 27, `${reached} of 30`);
});

test("measures are the paper's: SPL by hand, and collisions of the way that was driven", () => {
  const end = (reached: number, shortest: number, path: number) => ({
    reached,
    shortest,
    path,
    collision: 1 - reached,
  });
  const ends = [end(1, 5, 10), end(1, 6, 5.9), end(0, 5, 4.1)];
  assert.ok(Math.abs(navigate.measures!.SPL!(ends) - (0.5 + 1 + 0) / 3) < 1e-12);
  assert.ok(Math.abs(navigate.measures!["collisions / 100 m"]!(ends) - 100 / 20) < 1e-12);
});
