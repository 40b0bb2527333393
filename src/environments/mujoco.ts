import * as z from "zod";
import { Rng } from "../array/rng.ts";
import { UserError } from "../foundation/errors.ts";
import { type Environment, environment, type Step } from "./environment.ts";
import { lookAt } from "./mujoco/camera.ts";
import { picture } from "./mujoco/picture.ts";
import type { Simulator } from "./mujoco/simulator.ts";
import { openUntrustedModel } from "./mujoco/untrusted.ts";
import { type Action, assertAction, type Box, box, type Observation } from "./space.ts";

/**
 * Your own MuJoCo model, from its file, without a reward. Actions are the model's controls,
 * within their `ctrlrange` (−1 to 1 where there is none). The observation `state` is all positions, then all velocities; `sensors`,
 * where the model has some, is what they measure. The model is one file without meshes, height fields or includes.
 */
export const mujoco = environment({
  name: "mujoco",
  summary: "your own MuJoCo model, from an MJCF file; actions are its controls, the reward is 0",
  source: "https://mujoco.readthedocs.io/en/stable/XMLreference.html",
  options: z.object({
    model: z.string().default("").describe("the model's file (MJCF)"),
    frameSkip: z.int().min(1).max(1000).default(5).describe("simulation steps per action"),
    noise: z.number().min(0).max(1).default(0.01).describe("initial velocities are uniform within ± this value"),
    episodeSteps: z.int().min(1).max(1_000_000).default(1000).describe("actions until an episode is truncated"),
  }),
  async make(options) {
    if (!options.model) throw new UserError("environment mujoco needs the file of a model: --model robot.xml");
    const simulator = await openUntrustedModel(options.model);
    if (simulator.sizes.controls > 0) return new Model(simulator, options);
    simulator[Symbol.dispose]();
    throw new UserError(`${options.model}: the model has no actuators, so there is nothing to act with`);
  },
});

interface Choices {
  readonly frameSkip: number;
  readonly noise: number;
  readonly episodeSteps: number;
}

class Model implements Environment {
  readonly observationSpace: Readonly<Record<string, Box>>;
  readonly actionSpace: Box;
  readonly #simulator: Simulator;
  readonly #choices: Choices;
  #steps = 0;

  constructor(simulator: Simulator, choices: Choices) {
    const { sizes, controlRanges, actuators } = simulator;
    this.#simulator = simulator;
    this.#choices = choices;
    const anything = (size: number) => box([size], -Infinity, Infinity);
    this.observationSpace = {
      state: anything(sizes.positions + sizes.velocities),
      ...(sizes.sensors > 0 ? { sensors: anything(sizes.sensors) } : {}),
    };
    this.actionSpace = box(
      [sizes.controls],
      controlRanges.map(([low]) => (low === -Infinity ? -1 : low)),
      controlRanges.map(([, high]) => (high === Infinity ? 1 : high)),
      actuators,
    );
  }

  #observe(): Observation {
    const { positions, velocities, sizes } = this.#simulator;
    const state = Float32Array.from([...positions, ...velocities]);
    return sizes.sensors > 0 ? { state, sensors: Float32Array.from(this.#simulator.sensors) } : { state };
  }

  reset(seed: number): Observation {
    const rng = new Rng(seed).split("mujoco");
    const { noise } = this.#choices;
    this.#steps = 0;
    this.#simulator.reset();
    this.#simulator.setState(
      this.#simulator.positions,
      this.#simulator.velocities.map((velocity) => velocity + rng.uniform(-noise, noise)),
    );
    return this.#observe();
  }

  step(action: Action): Step {
    assertAction(this.actionSpace, action);
    this.#simulator.setControls(action);
    this.#simulator.step(this.#choices.frameSkip);
    this.#steps += 1;
    return {
      observation: this.#observe(),
      reward: 0,
      terminated: false,
      truncated: this.#steps >= this.#choices.episodeSteps,
      info: { time: this.#simulator.time, contacts: this.#simulator.contacts },
    };
  }

  save(): Float64Array {
    return Float64Array.of(this.#steps, ...this.#simulator.save());
  }

  restore(state: Float64Array): void {
    this.#simulator.restore(state.subarray(1));
    this.#steps = state[0]!;
  }

  /** From in front, a little from above, so that all of the model as it begins is seen. */
  render(width: number, height: number): Uint8Array {
    const { center, extent } = this.#simulator.view;
    const [x, y, z] = center;
    return picture(this.#simulator, lookAt([x, y - 2 * extent, z + extent], center, 45), width, height);
  }

  [Symbol.dispose](): void {
    this.#simulator[Symbol.dispose]();
  }
}
