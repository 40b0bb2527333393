// How do I write an environment of my own? A file with spaces, reset, step, save and restore; the library finds it by its path.
import { type Environment, environment, type Policy, Rng, randomAction } from "autodidact";
import { assertAction, box } from "autodidact/environments";
import * as z from "zod";

/** Keep a room at 20 °C: its heater is slow, and outside it is warm by day and cold by night. An action lasts ten minutes. */
export const heating = environment({
  name: "heating",
  summary: "keep a room at 20 °C; reward falls with each degree away from it, and with the heat that is used",
  source: "examples/own-environment.ts",
  options: z.object({ power: z.number().min(0).max(10).default(1).describe("degrees of full heat in a step") }),
  make: async ({ power }) => roomWith(power),
  baselines: { thermostat: () => thermostat }, // hand-written, and sees only the observation
});

function roomWith(power: number): Environment {
  let [room, heater, steps, coldest] = [0, 0, 0, 0];
  const outside = () => coldest + 5 - 5 * Math.cos((2 * Math.PI * steps) / 144);
  const observe = () => ({ state: Float32Array.of(room, outside(), heater, (steps / 6) % 24) });
  const actionSpace = box([1], 0, 1, ["heat"]);
  return {
    observationSpace: { state: box([4], -60, 60, ["room", "outside", "heater", "hour"]) },
    actionSpace,
    reset(seed) {
      const rng = new Rng(seed); // all randomness comes from the seed, so an episode can be repeated
      [room, heater, steps, coldest] = [rng.uniform(10, 20), 0, 0, rng.uniform(-10, 5)];
      return observe();
    },
    step(action) {
      assertAction(actionSpace, action); // rejects NaN and a wrong size
      const heat = Math.min(1, Math.max(0, action[0]!));
      heater += 0.3 * (heat - heater);
      room += power * heater + 0.03 * (outside() - room);
      const truncated = ++steps === 144; // a time limit, not an end: `terminated` stays false
      const reward = -Math.abs(room - 20) - 0.1 * heat;
      return { observation: observe(), reward, terminated: false, truncated, info: { degrees: room } };
    },
    save: () => Float64Array.of(room, heater, steps, coldest),
    restore(state) {
      [room = 0, heater = 0, steps = 0, coldest = 0] = state;
    },
    [Symbol.dispose]() {}, // nothing to free
  };
}

const thermostat = { act: ({ state }) => Float32Array.of(state![0]! < 20 ? 1 : 0) } satisfies Policy;

if (import.meta.main) {
  const [world, rng] = [roomWith(1), new Rng(0)];
  const random = { act: () => randomAction(world.actionSpace, rng) } satisfies Policy;
  for (const [name, policy] of Object.entries({ random, thermostat })) {
    let [total, observation] = [0, world.reset(1)];
    for (let at = 0; at < 144; at++) {
      const step = world.step(policy.act(observation));
      [total, observation] = [total + step.reward, step.observation];
    }
    console.log(`${name}: ${total.toFixed(1)} in a day`);
  }
}
