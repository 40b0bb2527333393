import { environment } from "./environment.ts";
import { type Locomotion, locomotion, locomotionOptions } from "./mujoco/locomotion.ts";
import type { PlanarRobot } from "./mujoco/planar.ts";

/*
 * The model of Gymnasium's half_cheetah.xml (https://github.com/Farama-Foundation/Gymnasium, MIT; P. Wawrzyński, "A cat-like robot
 * real-time learning to run", 2009), rewritten from its numbers. Tests compare body masses, the trajectory under given controls (to 1e-9)
 * and the return of random actions with the original's.
 */
const radius = 0.046;
export const HALF_CHEETAH: PlanarRobot = {
  timestep: 0.01,
  integrator: "Euler",
  joints: 'armature="0.1" damping="0.01" stiffness="8" solimplimit="0 0.8 0.03" solreflimit="0.02 1"',
  shapes: 'contype="1" conaffinity="0" condim="3" friction="0.4 0.1 0.1" solimp="0 0.8 0.01" solref="0.02 1"',
  totalMass: 14,
  height: 0.7,
  fromFloor: false,
  axis: 1,
  torso: [
    { name: "torso", tilt: Math.PI / 2, radius, half: 0.5 },
    { name: "head", at: [0.6, 0.1], tilt: 0.87, radius, half: 0.15 },
  ],
  limbs: [
    {
      name: "back thigh",
      at: [-0.5, 0],
      hinge: { name: "back thigh", range: [-0.52, 1.05], damping: 6, stiffness: 240 },
      gear: 120,
      shape: { name: "back thigh", at: [0.1, -0.13], tilt: -3.8, radius, half: 0.145 },
      limbs: [
        {
          name: "back shin",
          at: [0.16, -0.25],
          hinge: { name: "back shin", range: [-0.785, 0.785], damping: 4.5, stiffness: 180 },
          gear: 90,
          shape: { name: "back shin", at: [-0.14, -0.07], tilt: -2.03, radius, half: 0.15 },
          limbs: [
            {
              name: "back foot",
              at: [-0.28, -0.14],
              hinge: { name: "back foot", range: [-0.4, 0.785], damping: 3, stiffness: 120 },
              gear: 60,
              shape: { name: "back foot", at: [0.03, -0.097], tilt: -0.27, radius, half: 0.094 },
            },
          ],
        },
      ],
    },
    {
      name: "front thigh",
      at: [0.5, 0],
      hinge: { name: "front thigh", range: [-1, 0.7], damping: 4.5, stiffness: 180 },
      gear: 120,
      shape: { name: "front thigh", at: [-0.07, -0.12], tilt: 0.52, radius, half: 0.133 },
      limbs: [
        {
          name: "front shin",
          at: [-0.14, -0.24],
          hinge: { name: "front shin", range: [-1.2, 0.87], damping: 3, stiffness: 120 },
          gear: 60,
          shape: { name: "front shin", at: [0.065, -0.09], tilt: -0.6, radius, half: 0.106 },
          limbs: [
            {
              name: "front foot",
              at: [0.13, -0.18],
              hinge: { name: "front foot", range: [-0.5, 0.5], damping: 1.5, stiffness: 60 },
              gear: 30,
              shape: { name: "front foot", at: [0.045, -0.07], tilt: -0.6, radius, half: 0.07 },
            },
          ],
        },
      ],
    },
  ],
};

const TASK: Locomotion = {
  robot: HALF_CHEETAH,
  frameSkip: 5,
  controlCost: 0.1,
  healthyReward: 0,
  velocityBound: Infinity,
  noise: 0.1,
  velocityNoise: "normal",
  episodeSteps: 1000,
  hasFallen: () => false,
};

/** A cheetah of two legs runs as fast as it can: Gymnasium's HalfCheetah-v4. It never falls for good. */
export const halfCheetah = environment({
  name: "half-cheetah",
  summary: "a two-legged cheetah runs; reward is its speed, less the squared torques",
  source: "https://gymnasium.farama.org/environments/mujoco/half_cheetah",
  options: locomotionOptions(TASK),
  make: async (options) => locomotion({ ...TASK, ...options }),
});
