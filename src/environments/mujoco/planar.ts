/** Distances from the parent's origin in the plane that the robot moves in: forwards (x) and upwards (z), metres. */
type Place = readonly [x: number, z: number];

/** A capsule. */
interface Shape {
  readonly name: string;
  readonly at?: Place;
  /** From upright, about the y axis, radians. */
  readonly tilt?: number;
  readonly radius: number;
  /** Half the length without the round ends. */
  readonly half: number;
  readonly friction?: number;
}

/** A limb on a hinge with a motor. */
export interface Limb {
  readonly name: string;
  readonly at: Place;
  readonly hinge: {
    readonly name: string;
    readonly at?: Place;
    /** Radians. */
    readonly range: Place;
    readonly damping?: number;
    readonly stiffness?: number;
  };
  /** Newton metres for a control of 1. */
  readonly gear: number;
  readonly shape: Shape;
  readonly limbs?: readonly Limb[];
}

/** A robot that cannot leave the plane y = 0. */
export interface PlanarRobot {
  /** Seconds. */
  readonly timestep: number;
  readonly integrator: "Euler" | "RK4";
  /** Attributes that all joints, all shapes and the floor have in common, as MJCF. */
  readonly joints: string;
  readonly shapes: string;
  /** Kilograms to which all masses are scaled. */
  readonly totalMass?: number;
  /** Metres of the torso above the floor. */
  readonly height: number;
  /** Whether the coordinate of the height counts from the floor, not from where the torso begins. */
  readonly fromFloor: boolean;
  /** 1: limbs turn backwards for positive angles; −1: forwards. */
  readonly axis: 1 | -1;
  readonly torso: readonly Shape[];
  readonly limbs: readonly Limb[];
}

const place = ([x, z]: Place): string => `${x} 0 ${z}`;

const capsule = ({ name, at = [0, 0], tilt = 0, radius, half, friction }: Shape): string =>
  `<geom name="${name}" type="capsule" pos="${place(at)}" axisangle="0 1 0 ${tilt}" size="${radius} ${half}"${
    friction === undefined ? "" : ` friction="${friction}"`
  }/>`;

function limb(axis: number, { name, at, hinge, shape, limbs = [] }: Limb): string {
  const { damping, stiffness, range } = hinge;
  const given = Object.entries({ damping, stiffness }).filter(([, value]) => value !== undefined);
  return `<body name="${name}" pos="${place(at)}">
<joint name="${hinge.name}" type="hinge" axis="0 ${axis} 0" pos="${place(hinge.at ?? [0, 0])}" range="${range.join(" ")}" ${given
    .map(([key, value]) => `${key}="${value}"`)
    .join(" ")}/>
${capsule(shape)}
${limbs.map((child) => limb(axis, child)).join("\n")}
</body>`;
}

const motors = (limbs: readonly Limb[]): string =>
  limbs
    .map(
      ({ hinge, gear, limbs: children = [] }) =>
        `<motor joint="${hinge.name}" gear="${gear}" ctrllimited="true" ctrlrange="-1 1"/>${motors(children)}`,
    )
    .join("\n");

/** A planar robot on an endless floor, as MJCF. Motors are in the order of the limbs, each before those that hang from it. */
export function mjcfOf(robot: PlanarRobot): string {
  const { height, fromFloor } = robot;
  const free = 'limited="false" armature="0" damping="0" stiffness="0"';
  return `<mujoco>
<compiler angle="radian" inertiafromgeom="true"${robot.totalMass ? ` settotalmass="${robot.totalMass}"` : ""}/>
<option timestep="${robot.timestep}" integrator="${robot.integrator}"/>
<default><joint limited="true" ${robot.joints}/><geom rgba="0.8 0.6 0.4 1" ${robot.shapes}/></default>
<worldbody>
<geom name="floor" type="plane" size="0 0 1" condim="3" conaffinity="1" rgba="0.8 0.9 0.8 1"/>
<body name="torso" pos="0 0 ${height}">
<joint name="rootx" type="slide" axis="1 0 0" ${free}/>
<joint name="rootz" type="slide" axis="0 0 1" ref="${fromFloor ? height : 0}" ${free}/>
<joint name="rooty" type="hinge" axis="0 1 0" ${free}/>
${robot.torso.map(capsule).join("\n")}
${robot.limbs.map((each) => limb(robot.axis, each)).join("\n")}
</body>
</worldbody>
<actuator>${motors(robot.limbs)}</actuator>
</mujoco>`;
}
