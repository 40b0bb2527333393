import type { Pose } from "./world.ts";

/** Metres a second, seconds a step, and radians a second to the left of the turn rate 1. */
export const [speed, seconds, turnRate] = [1, 0.1, 1.5];

/** A pose after one step at a turn rate of −1 to 1 (beyond it is cut): the robot drives an arc of a circle. */
export function turn({ x, y, heading }: Pose, rate: number): Pose {
  const angle = Math.min(1, Math.max(-1, rate)) * turnRate * seconds;
  // The chord of an arc points to half the angle.
  const chord = speed * seconds * (Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle / 2) / (angle / 2));
  const after = heading + angle;
  return {
    x: x + chord * Math.cos(heading + angle / 2),
    y: y + chord * Math.sin(heading + angle / 2),
    heading: Math.atan2(Math.sin(after), Math.cos(after)),
  };
}
