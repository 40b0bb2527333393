/** What every world keeps to, whichever it is. A new one is held to it by its line in the registry. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Rng } from "../../src/array/rng.ts";
import { sizeOf } from "../../src/array/tensor.ts";
import type { Environment, EnvironmentDefinition, Step } from "../../src/environments/environment.ts";
import { environments } from "../../src/environments/index.ts";
import { type Action, actionSize, boundOf, type Observation, randomAction } from "../../src/environments/space.ts";
import { UserError } from "../../src/foundation/errors.ts";

/** Actions that the tests take of each world; fewer where one takes long, which a test then does not depend on. */
const STEPS = 30;
const FEWEST = 5;
const MILLISECONDS = 300;
/** Times that each is opened; fewer where that takes long, as it does in a thread of its own. */
const OPENED = 50;
const FEWEST_OPENED = 8;

async function paceOf(definition: EnvironmentDefinition): Promise<{ steps: number; opened: number }> {
  const now = () => process.cpuUsage().user / 1000;
  // Loads what is loaded once.
  (await make(definition))[Symbol.dispose]();
  const begun = now();
  using world = await make(definition);
  const opening = now() - begun;
  world.reset(0);
  const before = now();
  wander(world, 0, FEWEST);
  const each = (now() - before) / FEWEST;
  return {
    steps: Math.round(Math.max(FEWEST, Math.min(STEPS, MILLISECONDS / each))),
    opened: opening > 50 ? FEWEST_OPENED : OPENED,
  };
}

/** Actions that an episode may last at most. */
const LONGEST = 20_000;

/** Options of worlds that cannot do without. */
const needed: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  mujoco: { model: fileURLToPath(new URL("../fixtures/mujoco/arm.xml", import.meta.url)) },
};

const settled = (definition: EnvironmentDefinition) => definition.options.parse(needed[definition.name] ?? {});
const make = (definition: EnvironmentDefinition) => definition.make(settled(definition));

/** An observation, copied. */
const seen = (observation: Observation) =>
  Object.fromEntries(Object.entries(observation).map(([name, values]) => [name, values.slice()]));

/** Takes random actions; begins anew where an episode is over. */
function wander(
  world: Environment,
  seed: number,
  steps: number,
  act: (action: Action) => Step = (action) => world.step(action),
) {
  const rng = new Rng(seed).split("actions");
  return Array.from({ length: steps }, (_, at) => {
    const step = act(randomAction(world.actionSpace, rng));
    const copied = { ...step, observation: seen(step.observation) };
    const next = step.terminated || step.truncated ? seen(world.reset(seed + at)) : undefined;
    return { ...copied, next };
  });
}

function assertOfSpace(world: Environment, observation: Observation) {
  assert.deepEqual(Object.keys(observation), Object.keys(world.observationSpace));
  for (const [name, { shape, low, high }] of Object.entries(world.observationSpace)) {
    const values = observation[name]!;
    assert.ok(values instanceof Float32Array);
    assert.equal(values.length, sizeOf(shape), name);
    values.forEach((value, at) => {
      assert.ok(Number.isFinite(value), `${name}[${at}] is ${value}`);
      const [least, most] = [Math.fround(boundOf(low, at)), Math.fround(boundOf(high, at))];
      assert.ok(value >= least && value <= most, `${name}[${at}] is ${value}, beyond ${least} to ${most}`);
    });
  }
}

/** The built-in ones, and one as a user writes it. */
const own = fileURLToPath(new URL("../../examples/own-environment.ts", import.meta.url));
const all = [...(await environments.all()), await environments.load(own)];

for (const definition of all)
  test(definition.name, async (context) => {
    const { steps, opened } = await paceOf(definition);

    await context.test("says what it is", () => {
      for (const line of [definition.summary, definition.source]) assert.match(line, /^[^\n]+$/);
      for (const [option, schema] of Object.entries(definition.options.shape)) {
        assert.ok(schema.safeParse(undefined).success, `${option} has no default`);
        assert.ok(schema.description, `${option} is not described`);
      }
    });

    await context.test("keeps to its spaces", async () => {
      using world = await make(definition);
      for (const { names, shape } of Object.values(world.observationSpace))
        assert.ok(names === undefined || names.length === shape.at(-1));
      assertOfSpace(world, world.reset(5));
      for (const { observation, next, reward, terminated, truncated, info } of wander(world, 5, steps)) {
        assertOfSpace(world, observation);
        if (next) assertOfSpace(world, next);
        assert.ok(Number.isFinite(reward));
        assert.ok(!(terminated && truncated), "an episode is over, or cut off");
        for (const [name, value] of Object.entries(info)) assert.ok(Number.isFinite(value), name);
      }
    });

    await context.test("same seed and actions, same bits; what it gives is the caller's", async () => {
      using first = await make(definition);
      using second = await make(definition);
      const beginning = first.reset(7);
      assert.deepEqual(second.reset(7), beginning);
      const undisturbed = wander(first, 7, steps);
      const disturbed = wander(second, 7, steps, (action) => {
        const step = second.step(action);
        const copied = { ...step, observation: seen(step.observation) };
        for (const values of Object.values(step.observation)) values.fill(9);
        action.fill(0);
        return copied;
      });
      assert.deepEqual(disturbed, undisturbed);
      // Nothing of what came before is left after a reset.
      assert.deepEqual(first.reset(7), beginning);
      assert.deepEqual(wander(first, 7, steps), undisturbed);
    });

    await context.test("a saved state goes on in a fresh world, bit for bit", async () => {
      using first = await make(definition);
      first.reset(3);
      wander(first, 3, 9);
      const state = first.save();
      using second = await make(definition);
      second.restore(state);
      const expected = wander(first, 4, steps);
      assert.deepEqual(wander(second, 4, steps), expected);
      assert.deepEqual(second.save(), first.save());
      second.restore(state);
      assert.deepEqual(second.save(), state);
      assert.deepEqual(wander(second, 4, steps), expected, "and again in the same");
    });

    await context.test("refuses what is no action, on one line, and stays as it was", async () => {
      using world = await make(definition);
      world.reset(1);
      const before = world.save();
      const size = actionSize(world.actionSpace);
      const good = randomAction(world.actionSpace, new Rng(1));
      const bad = [
        good.slice().fill(Number.NaN),
        good.slice().fill(Infinity),
        new Float32Array(size + 1),
        new Float32Array(),
      ];
      if (world.actionSpace.kind === "discrete")
        bad.push(Float32Array.of(-1), Float32Array.of(0.5), Float32Array.of(world.actionSpace.count));
      for (const action of bad)
        assert.throws(
          () => world.step(action),
          (error: Error) => error instanceof UserError && /^[^\n]+$/.test(error.message),
          `${action}`,
        );
      assert.deepEqual(world.save(), before);
      world.step(good);
    });

    await context.test("its episodes end, and then it says whether they were a success", async () => {
      using world = await make(definition);
      world.reset(2);
      const rng = new Rng(2);
      let last: Step | undefined;
      for (let at = 0; at < LONGEST && !(last?.terminated || last?.truncated); at++)
        last = world.step(randomAction(world.actionSpace, rng));
      assert.ok(last?.terminated || last?.truncated, `no end after ${LONGEST} actions`);
      for (const name of [definition.success, definition.truth])
        if (name) assert.ok([0, 1].includes(last.info[name]!), name);
      for (const [name, measure] of Object.entries(definition.measures ?? {}))
        assert.ok(Number.isFinite(measure([last.info])), name);
      // Where it is evaluated the same things are seen and done.
      using other = await definition.make(
        definition.options.parse({ ...needed[definition.name], ...definition.evaluation }),
      );
      assert.deepEqual(other.actionSpace, world.actionSpace);
    });

    await context.test("a person's controllers and its plans are actions", async () => {
      using world = await make(definition);
      for (const [name, controller] of Object.entries(definition.baselines ?? {})) {
        const policy = controller(settled(definition));
        const rng = new Rng(0);
        let observation = world.reset(4);
        policy.reset?.(4);
        for (let at = 0; at < steps; at++) {
          const step = world.step(await policy.act(observation, rng));
          observation = step.terminated || step.truncated ? world.reset(at) : step.observation;
        }
        assertOfSpace(world, observation);
        assert.ok(name);
      }
      const planning = definition.planning?.(settled(definition));
      if (!planning) return;
      const observation = world.reset(6);
      const plans = planning.plans(observation, new Rng(0));
      assert.ok(plans.length > 1);
      const size = actionSize(world.actionSpace);
      for (const plan of plans) assert.equal(plan.length, planning.steps * size);
      const success = Float32Array.from(plans, (_, at) => (at % 5) / 5);
      const chosen = planning.choose?.(observation, plans, success) ?? 0;
      assert.ok(Number.isInteger(chosen) && chosen >= 0 && chosen < plans.length);
      for (let at = 0; at < planning.steps; at++) {
        const step = world.step(plans[chosen]!.slice(at * size, (at + 1) * size));
        if (step.terminated || step.truncated) break;
      }
    });

    await context.test("is drawn the same each time, and unchanged by it", async () => {
      using world = await make(definition);
      if (!world.render) return;
      world.reset(8);
      const before = world.save();
      const picture = world.render(40, 30);
      assert.equal(picture.length, 40 * 30 * 3);
      assert.ok(new Set(picture).size > 2, "something is seen");
      assert.deepEqual(world.render(40, 30), picture);
      assert.deepEqual(world.save(), before);
    });

    await context.test("opened again and again it leaves no memory taken", async () => {
      const once = async () => {
        using world = await make(definition);
        world.reset(0);
      };
      for (let at = 0; at < opened / 4; at++) await once();
      const before = process.memoryUsage().rss;
      for (let at = 0; at < opened; at++) await once();
      const grown = (process.memoryUsage().rss - before) / 2 ** 20;
      assert.ok(grown < 40, `${grown.toFixed(1)} MiB more`);
    });
  });
