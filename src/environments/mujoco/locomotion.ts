import * as z from "zod";
import { Rng } from "../../array/rng.ts";
import type { Environment, Step } from "../environment.ts";
import { type Action, assertAction, box, type Observation } from "../space.ts";
import { lookAt } from "./camera.ts";
import { picture } from "./picture.ts";
import { mjcfOf, type PlanarRobot } from "./planar.ts";
import { openSimulator, type Simulator } from "./simulator.ts";

/** A locomotion task: a robot, its reward and its termination. */
export interface Locomotion {
  readonly robot: PlanarRobot;
  /** Simulation steps per action. */
  readonly frameSkip: number;
  /** Weight of the squared norm of an action, subtracted from the reward. */
  readonly controlCost: number;
  /** Added to the reward of every step, the terminating one included (as in Gymnasium v4). */
  readonly healthyReward: number;
  /** Observed velocities are clipped to ± this value. */
  readonly velocityBound: number;
  /** Initial positions are uniform within ± this; velocities too, or (`normal`) have this as their deviation. */
  readonly noise: number;
  readonly velocityNoise: "uniform" | "normal";
  /** Actions until an episode is truncated. */
  readonly episodeSteps: number;
  /** Whether the robot has fallen. @param positions x, height and angle of the torso, then the joints */
  hasFallen(positions: Float64Array, velocities: Float64Array): boolean;
}

/** What a user may change of a task; by default as it is. */
export const locomotionOptions = ({ episodeSteps, controlCost }: Locomotion) =>
  z.object({
    episodeSteps: z.int().min(1).max(1_000_000).default(episodeSteps).describe("actions until an episode is truncated"),
    controlCost: z
      .number()
      .min(0)
      .max(100)
      .default(controlCost)
      .describe("weight of the sum of squared controls, subtracted from the reward"),
  });

const ROOT = ["x", "height", "angle"];

/**
 * Gymnasium's task for a planar robot: run forwards (+x), at little cost. Reward = metres a second of the torso + `healthyReward` −
 * `controlCost` · ‖action‖². The observation, `state`, is all positions but x, then all velocities.
 */
export async function locomotion(task: Locomotion): Promise<Environment> {
  return new Runner(task, await openSimulator(mjcfOf(task.robot)));
}

const jointsOf = (limbs: PlanarRobot["limbs"]): string[] =>
  limbs.flatMap(({ hinge, limbs: children = [] }) => [hinge.name, ...jointsOf(children)]);

class Runner implements Environment {
  readonly observationSpace;
  readonly actionSpace;
  readonly #task: Locomotion;
  readonly #simulator: Simulator;
  #steps = 0;

  constructor(task: Locomotion, simulator: Simulator) {
    this.#task = task;
    this.#simulator = simulator;
    const motors = jointsOf(task.robot.limbs);
    const joints = [...ROOT, ...motors];
    this.observationSpace = {
      state: box([2 * joints.length - 1], -Infinity, Infinity, [
        ...joints.slice(1),
        ...joints.map((joint) => `${joint} velocity`),
      ]),
    };
    this.actionSpace = box([motors.length], -1, 1, motors);
  }

  reset(seed: number): Observation {
    const { noise, velocityNoise } = this.#task;
    const rng = new Rng(seed).split("locomotion");
    this.#steps = 0;
    this.#simulator.reset();
    this.#simulator.setState(
      this.#simulator.positions.map((at) => at + rng.uniform(-noise, noise)),
      this.#simulator.velocities.map(() =>
        velocityNoise === "normal" ? rng.normal(0, noise) : rng.uniform(-noise, noise),
      ),
    );
    return this.#observe(this.#simulator.positions, this.#simulator.velocities);
  }

  #observe(positions: Float64Array, velocities: Float64Array): Observation {
    const bound = this.#task.velocityBound;
    const state = new Float32Array(positions.length - 1 + velocities.length);
    state.set(positions.subarray(1));
    velocities.forEach((velocity, at) => {
      state[positions.length - 1 + at] = Math.min(bound, Math.max(-bound, velocity));
    });
    return { state };
  }

  step(action: Action): Step {
    assertAction(this.actionSpace, action);
    const { frameSkip, controlCost, healthyReward, episodeSteps, hasFallen } = this.#task;
    const [before = 0] = this.#simulator.positions;
    this.#simulator.setControls(action);
    this.#simulator.step(frameSkip);
    const { positions, velocities } = this.#simulator;
    const [x = 0] = positions;
    const velocity = (x - before) / (frameSkip * this.#simulator.timestep);
    const cost = controlCost * action.reduce((sum, value) => sum + value * value, 0);
    this.#steps += 1;
    const terminated = hasFallen(positions, velocities);
    return {
      observation: this.#observe(positions, velocities),
      reward: velocity + healthyReward - cost,
      terminated,
      truncated: !terminated && this.#steps >= episodeSteps,
      info: { x, velocity, cost },
    };
  }

  save(): Float64Array {
    return Float64Array.of(this.#steps, ...this.#simulator.save());
  }

  restore(state: Float64Array): void {
    this.#simulator.restore(state.subarray(1));
    this.#steps = state[0]!;
  }

  /** From the side, with the torso in the middle. */
  render(width: number, height: number): Uint8Array {
    const [x = 0] = this.#simulator.positions;
    return picture(this.#simulator, lookAt([x, -4, 1.2], [x, 0, 0.7], 40), width, height);
  }

  [Symbol.dispose](): void {
    this.#simulator[Symbol.dispose]();
  }
}
