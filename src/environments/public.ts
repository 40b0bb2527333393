/**
 * What an environment is, its spaces, the built-in ones, and MuJoCo with a camera for those who build their own.
 * @module autodidact/environments
 */
export {
  type Environment,
  type EnvironmentDefinition,
  environment,
  type Planning,
  type Policy,
  type Step,
} from "./environment.ts";
export { type EnvironmentOptions, environments } from "./index.ts";
export { type Camera, capture, type Geoms, lookAt, type Shot, shade } from "./mujoco/camera.ts";
export type { Geom, GeomType } from "./mujoco/geoms.ts";
export type { Part } from "./mujoco/parts.ts";
export { picture } from "./mujoco/picture.ts";
export { openSimulator, type Simulator } from "./mujoco/simulator.ts";
export { openUntrustedModel } from "./mujoco/untrusted.ts";
export {
  type Action,
  type ActionSpace,
  actionSize,
  assertAction,
  type Box,
  boundOf,
  box,
  type Discrete,
  discrete,
  type Observation,
  type ObservationSpace,
  randomAction,
  spaceText,
} from "./space.ts";
