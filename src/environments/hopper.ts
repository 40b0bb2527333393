import { environment } from "./environment.ts";
import { type Locomotion, locomotion, locomotionOptions } from "./mujoco/locomotion.ts";
import type { PlanarRobot } from "./mujoco/planar.ts";

/*
 * The model of Gymnasium's hopper.xml (https://github.com/Farama-Foundation/Gymnasium, MIT; T. Erez et al., "Infinite-horizon model
 * predictive control for periodic tasks with contacts", 2011), rewritten from its numbers. Tests compare body masses, the trajectory under
 * given controls (to 1e-9) and the return of random actions with the original's.
 */
export const HOPPER: PlanarRobot = {
  timestep: 0.002,
  integrator: "RK4",
  joints: 'armature="1" damping="1"',
  shapes: 'contype="1" conaffinity="1" condim="1" margin="0.001" solimp="0.8 0.8 0.01"',
  height: 1.25,
  fromFloor: true,
  axis: -1,
  torso: [{ name: "torso", radius: 0.05, half: 0.2, friction: 0.9 }],
  limbs: [
    {
      name: "thigh",
      at: [0, -0.2],
      hinge: { name: "thigh", range: [-2.61799, 0] },
      gear: 200,
      shape: { name: "thigh", at: [0, -0.225], radius: 0.05, half: 0.225, friction: 0.9 },
      limbs: [
        {
          name: "leg",
          at: [0, -0.7],
          hinge: { name: "leg", at: [0, 0.25], range: [-2.61799, 0] },
          gear: 200,
          shape: { name: "leg", radius: 0.04, half: 0.25, friction: 0.9 },
          limbs: [
            {
              name: "foot",
              at: [0.13, -0.35],
              hinge: { name: "foot", at: [-0.13, 0.1], range: [-0.785398, 0.785398] },
              gear: 200,
              shape: { name: "foot", at: [-0.065, 0.1], tilt: -Math.PI / 2, radius: 0.06, half: 0.195, friction: 2 },
            },
          ],
        },
      ],
    },
  ],
};

const TASK: Locomotion = {
  robot: HOPPER,
  frameSkip: 4,
  controlCost: 1e-3,
  healthyReward: 1,
  velocityBound: 10,
  noise: 5e-3,
  velocityNoise: "uniform",
  episodeSteps: 1000,
  hasFallen(positions, velocities) {
    const [, height = 0, angle = 0] = positions;
    const isWild = [...positions.subarray(2), ...velocities].some((value) => Math.abs(value) >= 100);
    return isWild || height <= 0.7 || Math.abs(angle) >= 0.2;
  },
};

/** A leg with a foot hops forwards and must not fall: Gymnasium's Hopper-v4, which rewards the step on which it falls, too. */
export const hopper = environment({
  name: "hopper",
  summary: "a leg hops; reward is its speed, 1 for each step until it falls, less the squared torques",
  source: "https://gymnasium.farama.org/environments/mujoco/hopper",
  options: locomotionOptions(TASK),
  make: async (options) => locomotion({ ...TASK, ...options }),
});
