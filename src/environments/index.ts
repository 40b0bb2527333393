import { type OptionsByName, type Registry, registry } from "../foundation/registry.ts";
import type { EnvironmentDefinition } from "./environment.ts";

const lines = {
  "cartpole-swingup-sparse": () => import("./cartpole-swingup-sparse.ts"),
  "deep-sea": () => import("./deep-sea.ts"),
  grasp: () => import("./grasp.ts"),
  "half-cheetah": () => import("./half-cheetah.ts"),
  hopper: () => import("./hopper.ts"),
  mujoco: () => import("./mujoco.ts"),
  navigate: () => import("./navigate.ts"),
  walker2d: () => import("./walker2d.ts"),
};

/** Options of the built-in environments, by name. */
export type EnvironmentOptions = OptionsByName<typeof lines>;

/** Worlds to act in: one file each, and one line here. */
export const environments: Registry<EnvironmentDefinition> = registry("environment", lines);
