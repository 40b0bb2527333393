/** A small world for tests, loaded as a user's file: a swinging weight that is to be held upright. */
import * as z from "zod";
import { Rng } from "../../../src/array/index.ts";
import { environment } from "../../../src/environments/environment.ts";
import { assertAction, box } from "../../../src/environments/space.ts";

export const pendulum = environment({
  name: "pendulum",
  summary: "hold a swinging weight upright",
  source: "a test",
  options: z.object({ length: z.int().positive().default(50).describe("steps of an episode") }),
  async make({ length }) {
    let [angle, speed, step] = [0, 0, 0];
    const actionSpace = box([1], -2, 2);
    const observe = () => ({ state: Float32Array.of(Math.cos(angle), Math.sin(angle), speed / 8) });
    return {
      observationSpace: { state: box([3], -1, 1) },
      actionSpace,
      reset(seed) {
        const rng = new Rng(seed);
        [angle, speed, step] = [rng.uniform(-Math.PI, Math.PI), rng.uniform(-1, 1), 0];
        return observe();
      },
      step(action) {
        assertAction(actionSpace, action);
        const torque = Math.max(-2, Math.min(2, action[0]!));
        const off = Math.atan2(Math.sin(angle), Math.cos(angle));
        const cost = off ** 2 + 0.1 * speed ** 2 + 0.001 * torque ** 2;
        speed = Math.max(-8, Math.min(8, speed + (15 * Math.sin(angle) + 3 * torque) * 0.05));
        angle += speed * 0.05;
        step++;
        return { observation: observe(), reward: -cost, terminated: false, truncated: step === length, info: {} };
      },
      save: () => Float64Array.of(angle, speed, step),
      restore([first = 0, second = 0, third = 0]) {
        [angle, speed, step] = [first, second, third];
      },
      [Symbol.dispose]() {},
    };
  },
});
