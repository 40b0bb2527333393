import { environment } from "./environment.ts";
import { type Locomotion, locomotion, locomotionOptions } from "./mujoco/locomotion.ts";
import type { Limb, PlanarRobot } from "./mujoco/planar.ts";

/** One leg: the published ones differ in the friction of their feet. */
const leg = (side: string, friction: number): Limb => ({
  name: `${side} thigh`,
  at: [0, -0.2],
  hinge: { name: `${side} thigh`, range: [-2.61799, 0] },
  gear: 100,
  shape: { name: `${side} thigh`, at: [0, -0.225], radius: 0.05, half: 0.225, friction: 0.9 },
  limbs: [
    {
      name: `${side} leg`,
      at: [0, -0.7],
      hinge: { name: `${side} leg`, at: [0, 0.25], range: [-2.61799, 0] },
      gear: 100,
      shape: { name: `${side} leg`, radius: 0.04, half: 0.25, friction: 0.9 },
      limbs: [
        {
          name: `${side} foot`,
          at: [0.2, -0.35],
          hinge: { name: `${side} foot`, at: [-0.2, 0.1], range: [-0.785398, 0.785398] },
          gear: 100,
          shape: { name: `${side} foot`, at: [-0.1, 0.1], tilt: -Math.PI / 2, radius: 0.06, half: 0.1, friction },
        },
      ],
    },
  ],
});

/*
 * The model of Gymnasium's walker2d.xml (https://github.com/Farama-Foundation/Gymnasium, MIT), rewritten from its numbers. Tests compare
 * body masses, the trajectory under given controls (to 1e-9) and the return of random actions with the original's.
 */
export const WALKER: PlanarRobot = {
  timestep: 0.002,
  integrator: "RK4",
  joints: 'armature="0.01" damping="0.1"',
  shapes: 'contype="1" conaffinity="0" condim="3" friction="0.7 0.1 0.1"',
  height: 1.25,
  fromFloor: true,
  axis: -1,
  torso: [{ name: "torso", radius: 0.05, half: 0.2, friction: 0.9 }],
  limbs: [leg("right", 0.9), leg("left", 1.9)],
};

const TASK: Locomotion = {
  robot: WALKER,
  frameSkip: 4,
  controlCost: 1e-3,
  healthyReward: 1,
  velocityBound: 10,
  noise: 5e-3,
  velocityNoise: "uniform",
  episodeSteps: 1000,
  hasFallen: ([, height = 0, angle = 0]) => height <= 0.8 || height >= 2 || Math.abs(angle) >= 1,
};

/** Two legs walk and must not fall: Gymnasium's Walker2d-v4 (in v5 both feet grip alike). The step on which it falls is rewarded too. */
export const walker2d = environment({
  name: "walker2d",
  summary: "two legs walk; reward is their speed, 1 for each step until they fall, less the squared torques",
  source: "https://gymnasium.farama.org/environments/mujoco/walker2d",
  options: locomotionOptions(TASK),
  make: async (options) => locomotion({ ...TASK, ...options }),
});
