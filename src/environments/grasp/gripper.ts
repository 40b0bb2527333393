/** Metres between the open fingers. */
export const OPENING = 0.068;
/** Newtons of each finger. */
const FORCE = 10;
/** Where the finger tips are, above the table, metres: when they come down, grip, and have lifted. */
const [ABOVE, DOWN, LIFTED] = [0.1, 0.005, 0.13];
/** Simulation steps of 2 ms: the way down, closing, the way up. */
const [DESCEND, CLOSE, LIFT] = [140, 130, 200];
export const STEPS = DESCEND + CLOSE + LIFT;
/** Where it waits while the camera looks: beside the table, out of the image. */
const ASIDE = [0, 0.5, 0.2] as const;

/** A two-finger gripper on a gantry: it moves along x, y and z and turns about z. */
export const gripper = `
<body name="gripper" gravcomp="1">
  <joint name="x" type="slide" axis="1 0 0" damping="20"/>
  <joint name="y" type="slide" axis="0 1 0" damping="20"/>
  <joint name="z" type="slide" axis="0 0 1" damping="20"/>
  <joint name="turn" type="hinge" axis="0 0 1" damping="0.5"/>
  <geom type="box" size="0.055 0.014 0.012" pos="0 0 0.072" mass="0.4" rgba="0.35 0.37 0.4 1"/>
  <geom type="cylinder" size="0.012 0.1" pos="0 0 0.18" mass="0.1" contype="0" conaffinity="0" rgba="0.55 0.57 0.6 1"/>
  <body name="left" pos="${-OPENING / 2} 0 0" gravcomp="1">
    <joint name="left" type="slide" axis="1 0 0" range="0 ${OPENING / 2}" damping="30" armature="0.05"/>
    <geom type="box" size="0.004 0.009 0.03" pos="-0.004 0 0.03" mass="0.03" rgba="0.2 0.2 0.22 1"/>
  </body>
  <body name="right" pos="${OPENING / 2} 0 0" gravcomp="1">
    <joint name="right" type="slide" axis="-1 0 0" range="0 ${OPENING / 2}" damping="30" armature="0.05"/>
    <geom type="box" size="0.004 0.009 0.03" pos="0.004 0 0.03" mass="0.03" rgba="0.2 0.2 0.22 1"/>
  </body>
</body>`;

/** The fingers close alike, as one motor drives both; the wrist gives way to more than 40 N. */
export const drives = `
<equality><joint joint1="left" joint2="right"/></equality>
<actuator>
  <position joint="x" kp="3000" kv="60"/>
  <position joint="y" kp="3000" kv="60"/>
  <position joint="z" kp="2000" kv="40" forcerange="-40 40"/>
  <position joint="turn" kp="20" kv="0.4"/>
  <motor joint="left" ctrlrange="${-FORCE} ${FORCE}"/>
  <motor joint="right" ctrlrange="${-FORCE} ${FORCE}"/>
</actuator>`;

/** Joints in the order of the gripper's coordinates. */
export const joints = ["x", "y", "z", "turn", "left", "right"] as const;

/** The gripper's coordinates and controls while it waits. */
export const aside = { coordinates: [...ASIDE, 0, 0, 0], controls: [...ASIDE, 0, -FORCE, -FORCE] };

/** Coordinates with which an attempt at a place begins: above it, turned, open. */
export const above = (x: number, y: number, turn: number): readonly number[] => [x, y, ABOVE, turn, 0, 0];

/** Controls at a step of an attempt: down, close, up. */
export function controlsAt(step: number, x: number, y: number, turn: number): readonly number[] {
  const ramp = (from: number, to: number, share: number) => from + (to - from) * Math.min(1, share);
  const z =
    step < DESCEND + CLOSE
      ? ramp(ABOVE, DOWN, step / (DESCEND - 20))
      : ramp(DOWN, LIFTED, (step - DESCEND - CLOSE) / (LIFT - 40));
  const force = step < DESCEND ? -FORCE : FORCE;
  return [x, y, z, turn, force, force];
}
