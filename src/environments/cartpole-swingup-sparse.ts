import * as z from "zod";
import { Rng } from "../array/rng.ts";
import { type Environment, environment, type Policy, type Step } from "./environment.ts";
import { lookAt } from "./mujoco/camera.ts";
import { picture } from "./mujoco/picture.ts";
import { openSimulator, type Simulator } from "./mujoco/simulator.ts";
import { type Action, assertAction, box, type Observation } from "./space.ts";

/**
 * Swing a pole up by pushing its cart, and keep it up: dm_control's `cartpole.swingup_sparse` (Tassa et al. 2018,
 * https://arxiv.org/abs/1801.00690). The pole hangs at first. Reward is 1 while it stands (cos θ ≥ 0.995) with the cart within 0.25 m
 * of the middle, else 0: chance does not find it. An action lasts 10 ms.
 */
export const cartpoleSwingupSparse = environment({
  name: "cartpole-swingup-sparse",
  summary: "push a cart so that its pole swings up; 1 for each step that it stands in the middle, else nothing",
  source: "https://arxiv.org/abs/1801.00690",
  options: z.object({
    episodeSteps: z.int().min(1).max(1_000_000).default(1000).describe("actions until an episode is truncated"),
  }),
  make: async ({ episodeSteps }) => new Cartpole(await openSimulator(CARTPOLE), episodeSteps),
  success: "found",
  baselines: { energy: () => energy },
});

/**
 * The model of dm_control's cartpole.xml (Apache-2.0), rewritten from its numbers; contacts are disabled, since nothing touches. A test
 * compares its trajectory under given controls with that of the original file.
 */
export const CARTPOLE = `<mujoco>
<option timestep="0.01" integrator="RK4"><flag contact="disable"/></option>
<worldbody>
  <geom name="floor" type="plane" pos="0 0 -0.05" size="0 0 1" rgba="0.8 0.9 0.8 1"/>
  <geom name="rail" type="capsule" fromto="-2 0 1 2 0 1" size="0.02" rgba="0.4 0.5 0.6 1"/>
  <body name="cart" pos="0 0 1">
    <joint name="slider" type="slide" axis="1 0 0" limited="true" range="-1.8 1.8" solreflimit="0.08 1" damping="5e-4"/>
    <geom name="cart" type="box" size="0.2 0.15 0.1" mass="1" rgba="0.7 0.5 0.3 1"/>
    <body name="pole">
      <joint name="hinge" type="hinge" axis="0 1 0" damping="2e-6"/>
      <geom name="pole" type="capsule" fromto="0 0 0 0 0 1" size="0.045" mass="0.1" rgba="0.3 0.5 0.8 1"/>
    </body>
  </body>
</worldbody>
<actuator><motor joint="slider" gear="10" ctrllimited="true" ctrlrange="-1 1"/></actuator>
</mujoco>`;

class Cartpole implements Environment {
  readonly observationSpace = {
    state: box([5], -Infinity, Infinity, ["x", "cos", "sin", "x velocity", "angle velocity"]),
  };
  readonly actionSpace = box([1], -1, 1, ["push"]);
  readonly #simulator: Simulator;
  readonly #episodeSteps: number;
  #steps = 0;
  #found = 0;

  constructor(simulator: Simulator, episodeSteps: number) {
    this.#simulator = simulator;
    this.#episodeSteps = episodeSteps;
  }

  #observe(): { observation: Observation; x: number; cos: number } {
    const [x = 0, angle = 0] = this.#simulator.positions;
    const cos = Math.cos(angle);
    return { observation: { state: Float32Array.of(x, cos, Math.sin(angle), ...this.#simulator.velocities) }, x, cos };
  }

  reset(seed: number): Observation {
    const rng = new Rng(seed).split("cartpole");
    this.#steps = 0;
    this.#found = 0;
    this.#simulator.reset();
    const near = (value: number) => rng.normal(value, 0.01);
    this.#simulator.setState([near(0), near(Math.PI)], [near(0), near(0)]);
    return this.#observe().observation;
  }

  step(action: Action): Step {
    assertAction(this.actionSpace, action);
    this.#simulator.setControls(action);
    this.#simulator.step();
    const { observation, x, cos } = this.#observe();
    const reward = Math.abs(x) <= 0.25 && cos >= 0.995 ? 1 : 0;
    this.#steps += 1;
    this.#found = Math.max(this.#found, reward);
    const truncated = this.#steps >= this.#episodeSteps;
    return { observation, reward, terminated: false, truncated, info: { found: this.#found, x, cos } };
  }

  save(): Float64Array {
    return Float64Array.of(this.#steps, this.#found, ...this.#simulator.save());
  }

  restore(state: Float64Array): void {
    this.#simulator.restore(state.subarray(2));
    this.#steps = state[0]!;
    this.#found = state[1]!;
  }

  render(width: number, height: number): Uint8Array {
    return picture(this.#simulator, lookAt([0, -5, 1.2], [0, 0, 1], 50), width, height);
  }

  [Symbol.dispose](): void {
    this.#simulator[Symbol.dispose]();
  }
}

/** Half the pole's mass moment over its weight: a uniform rod of 1 m. */
const SWING = 1 / 3 / (9.81 / 2);

/**
 * Hand-written: pump the pole's energy up to that of standing upright (Åström and Furuta 2000), then balance it by a linear function of
 * the state.
 */
const energy: Policy = {
  act({ state }) {
    const [x = 0, cos = 0, sin = 0, speed = 0, spin = 0] = state!;
    const push = (force: number) => Float32Array.of(Math.max(-1, Math.min(1, force)));
    if (cos > 0.9) return push(1.0 * x + 1.2 * speed + 8 * sin + 2 * spin);
    const missing = 1 - (cos + (SWING / 2) * spin * spin);
    return push(-3 * missing * Math.sign(spin * cos) - 0.4 * x - 0.3 * speed);
  },
};
