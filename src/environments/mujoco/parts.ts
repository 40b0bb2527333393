import type { MainModule, MjData, MjModel } from "@mujoco/mujoco";

/** What can be looked up by its name in a model. */
export type Part = "body" | "joint" | "geom" | "site" | "actuator" | "sensor";

const kindOf = ({ mjtObj }: MainModule, part: Part): number =>
  ({
    body: mjtObj.mjOBJ_BODY,
    joint: mjtObj.mjOBJ_JOINT,
    geom: mjtObj.mjOBJ_GEOM,
    site: mjtObj.mjOBJ_SITE,
    actuator: mjtObj.mjOBJ_ACTUATOR,
    sensor: mjtObj.mjOBJ_SENSOR,
  })[part].value;

/** Where a part is among those of its kind. @throws Error when there is none of that name */
export function indexOf(module: MainModule, model: MjModel, part: Part, name: string): number {
  const index = module.mj_name2id(model, kindOf(module, part), name);
  if (index < 0) throw new Error(`the model has no ${part} ${name}`);
  return index;
}

/** The name of a part; empty where it has none, for which these bindings give what lies at address 0. */
export function nameOf(module: MainModule, model: MjModel, part: Part, at: number): string {
  const kind = kindOf(module, part);
  const name = module.mj_id2name(model, kind, at);
  return module.mj_name2id(model, kind, name) === at ? name : "";
}

/** Lowest and highest value of each control; infinite where there is none. */
export function controlRangesOf(model: MjModel): (readonly [number, number])[] {
  const ranges: Float64Array = model.actuator_ctrlrange;
  return Array.from({ length: model.nu }, (_, at) => {
    const [low = 0, high = 0] = ranges.subarray(2 * at);
    // Whether there is a limit is a boolean, which these bindings cannot read; where there is none, both bounds are 0.
    return low < high ? ([low, high] as const) : ([-Infinity, Infinity] as const);
  });
}

/** Whether MuJoCo has warned since the last reset that numbers are none, or too large. */
export function hasBlownUp(module: MainModule, data: MjData): boolean {
  const { mjWARN_BADQPOS, mjWARN_BADQVEL, mjWARN_BADQACC } = module.mjtWarning;
  return [mjWARN_BADQPOS, mjWARN_BADQVEL, mjWARN_BADQACC].some(({ value }) => {
    // The list is the data's own; what is got from it is a copy, to be freed.
    const warning = data.warning.get(value);
    const count = warning?.number ?? 0;
    warning?.delete();
    return count > 0;
  });
}
