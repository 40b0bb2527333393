import type { Planning, Policy } from "../environment.ts";
import type { Observation } from "../space.ts";
import { CAMERA_HEIGHT, PIXELS, RAYS, REACH, rayAngle, rowAngle } from "./camera.ts";
import { seconds, speed, turn, turnRate } from "./motion.ts";
import { ROBOT_RADIUS } from "./world.ts";

/** Turn rates of the plans, and steps for which each is kept. */
const [RATES, HELD] = [7, 5];
const rates = Array.from({ length: RATES }, (_, index) => (2 * index) / (RATES - 1) - 1);
/** In choosing a plan: metres that a certain collision costs, that a radian costs which is to be turned, and how near is there. */
const [DANGER, TURNING, REACHED] = [3, 0.3, 0.35];

/** Metres and radians to the goal; straight on where there is none. */
const goalOf = ({ goal }: Observation): { distance: number; bearing: number } => ({
  distance: goal?.[0] ?? Number.POSITIVE_INFINITY,
  bearing: goal?.[1] ?? 0,
});

/** The turn rate that heads for a bearing within a step, if the robot can. */
const towards = (bearing: number): number => Math.min(1, Math.max(-1, bearing / (turnRate * seconds)));

/** Drives blindly: a random turn rate, kept as long as a plan keeps one. */
export function wander(): Policy {
  let [rate, left] = [0, 0];
  return {
    reset() {
      left = 0;
    },
    act(_, rng) {
      if (left === 0) [rate, left] = [rates[rng.integer(0, RATES - 1)]!, HELD];
      left -= 1;
      return Float32Array.of(rate);
    },
  };
}

/** Looks at nothing but the goal. */
export const straight = (): Policy => ({
  act: (observation) => Float32Array.of(towards(goalOf(observation).bearing)),
});

/**
 * What one would write by hand: if something is near ahead, turn to the side that is freer, and keep to it until the way is
 * free; else turn to the goal, unless something is near on that side.
 */
export function handWritten(): Policy {
  let side = 0;
  return {
    reset() {
      side = 0;
    },
    act(observation) {
      const rays = raysOf(observation);
      const bearing = goalOf(observation).bearing;
      const blocked = rays.some(({ angle, range }) => isOnWay(angle, range, 1));
      if (!blocked) {
        side = 0;
        const wanted = towards(bearing);
        const isClose = rays.some(
          ({ angle, range }) =>
            Math.sign(angle) === Math.sign(wanted) && Math.abs(angle) < 1.5 && range < 2 * ROBOT_RADIUS,
        );
        return Float32Array.of(isClose ? 0 : wanted);
      }
      side ||= freer(rays);
      return Float32Array.of(side);
    },
  };
}

interface Ray {
  /** Radians to the left. */
  readonly angle: number;
  readonly range: number;
}

/** Whether what a ray meets is within the robot's width, and so many metres, straight ahead. */
const isOnWay = (angle: number, range: number, metres: number): boolean =>
  Math.abs(angle) < Math.PI / 2 &&
  range * Math.cos(angle) < metres &&
  Math.abs(range * Math.sin(angle)) < ROBOT_RADIUS + 0.1;

/** 1 if there is more room to the left, −1 for the right. */
function freer(rays: readonly Ray[]): number {
  const room = (sign: number) => rays.reduce((sum, { angle, range }) => sum + (angle * sign > 0 ? range : 0), 0);
  return room(1) >= room(-1) ? 1 : -1;
}

/** Metres to things that stand on the floor, by direction, from either kind of sight. */
function raysOf({ scan, depth }: Observation): Ray[] {
  if (scan) return Array.from(scan, (range, index) => ({ angle: rayAngle(index, RAYS), range }));
  if (!depth) throw new Error("navigate's controllers see a scan or a depth image");
  return Array.from({ length: PIXELS }, (_, column) => {
    let range = REACH;
    for (let row = 0; row < PIXELS; row++) {
      const [seen, angle] = [depth[row * PIXELS + column]!, rowAngle(row)];
      // The floor is no obstacle.
      if (CAMERA_HEIGHT + seen * Math.sin(angle) > 0.02) range = Math.min(range, seen * Math.cos(angle));
    }
    return { angle: rayAngle(column, PIXELS), range };
  });
}

const candidates = rates.flatMap((first) =>
  rates.map((second) => Float32Array.from({ length: 2 * HELD }, (_, at) => (at < HELD ? first : second))),
);

/**
 * Plans of 1 s: one of seven turn rates for half of it, and one for the other. Chosen is the one after which by dead reckoning
 * the goal is nearest, and ahead; a collision that is feared is counted as metres.
 */
export const planning = (): Planning => ({
  steps: 2 * HELD,
  plans: () => candidates,
  choose: (observation, plans, success) => {
    const { distance, bearing } = goalOf(observation);
    const costs = plans.map(
      (plan, index) => left(plan, distance, bearing) - DANGER * Math.log(Math.max(success[index]!, 1e-6)),
    );
    return costs.indexOf(Math.min(...costs));
  },
});

/** Metres that are left to the goal after a plan, with some for the turn that is then to be made; less than none if it is reached. */
function left(plan: Float32Array, distance: number, bearing: number): number {
  // Without a goal, straight on is as good as a goal far ahead.
  const away = Math.min(distance, 100);
  const [x, y] = [away * Math.cos(bearing), away * Math.sin(bearing)];
  let pose = { x: 0, y: 0, heading: 0 };
  for (const [step, rate] of plan.entries()) {
    pose = turn(pose, rate);
    // The sooner, the better.
    if (Math.hypot(x - pose.x, y - pose.y) < REACHED) return (step - plan.length) * speed * seconds;
  }
  const toTurn = Math.atan2(y - pose.y, x - pose.x) - pose.heading;
  return Math.hypot(x - pose.x, y - pose.y) + TURNING * Math.abs(Math.atan2(Math.sin(toTurn), Math.cos(toTurn)));
}
