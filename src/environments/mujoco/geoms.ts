import type { MainModule, MjModel } from "@mujoco/mujoco";
import { nameOf } from "./parts.ts";

export type GeomType = "plane" | "hfield" | "sphere" | "capsule" | "ellipsoid" | "cylinder" | "box" | "mesh";

/** A shape, as the model has it: it does not change. */
export interface Geom {
  readonly name: string;
  readonly type: GeomType;
  /** MuJoCo's three numbers, metres: radius · radius, half length · half sides; of a plane, half sides (0: infinite). */
  readonly size: readonly [number, number, number];
  /** Red, green, blue, opacity: 0 to 1. */
  readonly color: readonly [number, number, number, number];
  /** Index of its body; 0 is the world. */
  readonly body: number;
  /** 0 to 5; MuJoCo's viewer hides 3 and above. */
  readonly group: number;
}

const GEOM_TYPES: readonly GeomType[] = [
  "plane",
  "hfield",
  "sphere",
  "capsule",
  "ellipsoid",
  "cylinder",
  "box",
  "mesh",
];

/** The shapes of a model, copied. */
export function geomsOf(module: MainModule, model: MjModel): Geom[] {
  const sizes: Float64Array = model.geom_size;
  return Array.from({ length: model.ngeom }, (_, at) => {
    const type = GEOM_TYPES[model.geom_type[at]];
    if (!type) throw new Error(`geom ${at} is of a type that is not simulated here`);
    const material: number = model.geom_matid[at];
    const colors: Float32Array = material >= 0 ? model.mat_rgba : model.geom_rgba;
    const [red = 0, green = 0, blue = 0, opacity = 1] = colors.slice(4 * (material >= 0 ? material : at));
    const [x = 0, y = 0, z = 0] = sizes.slice(3 * at);
    return {
      name: nameOf(module, model, "geom", at),
      type,
      size: [x, y, z],
      color: [red, green, blue, opacity],
      body: model.geom_bodyid[at],
      group: model.geom_group[at],
    };
  });
}
