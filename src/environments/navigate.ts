import * as z from "zod";
import { Rng } from "../array/rng.ts";
import { type Environment, environment, type Step } from "./environment.ts";
import { depthImage, PIXELS, RAYS, REACH, scan } from "./navigate/camera.ts";
import { handWritten, planning, straight, wander } from "./navigate/controllers.ts";
import { seconds, speed, turn } from "./navigate/motion.ts";
import { shortestPath } from "./navigate/path.ts";
import { topView } from "./navigate/picture.ts";
import { type Point, type Pose, parts, ROBOT_RADIUS, SIDE, type World, worldOf } from "./navigate/world.ts";
import { type Action, assertAction, box, type Observation, type ObservationSpace } from "./space.ts";

/** Metres between surfaces and the robot where it begins, and between the goal and the robot that has reached it. */
const [FREE, GOAL_RADIUS] = [0.5, 0.4];
/** Metres from start to goal, in a straight line. */
const [NEAR, FAR] = [4, 10];

const options = z.object({
  camera: z.enum(["scan", "depth"]).default("scan").describe("sees 40 ranges, or a depth image of 64 × 64 pixels"),
  goals: z.boolean().default(false).describe("has a goal to drive to, and knows where it is"),
  worlds: z.int().min(1).max(10_000).default(10).describe("how many worlds there are; a seed chooses one"),
  part: z
    .enum(parts)
    .default("train")
    .describe("which worlds: those to train in, to choose settings in, or to measure in"),
  limit: z.int().min(1).max(100_000).default(400).describe("steps after which an episode is cut off"),
});

/**
 * A robot that never stops, at 1 m/s, and steers through 12 × 12 m with 34 boxes and cylinders and walls around. It sees 216° as
 * far as 4 m. A collision ends the episode. With `goals` it is to reach a place that it knows by dead reckoning. The task is
 * that of Gandhi et al. 2017 (https://arxiv.org/abs/1704.05588) and Kahn et al. 2018 (https://arxiv.org/abs/1709.10489): a
 * robot that learns from its collisions. The world is flat and its motion exact; there is no noise.
 *
 * Observations: `scan` `[40]` or `depth` `[64, 64]`, metres; with goals `goal` `[2]`, metres and radians to the left. Action:
 * the turn rate, −1 to 1, of 2 rad/s to the left. A step is 0.1 s. Reward: metres come nearer to the goal, or driven; −1 for a
 * collision. In `info`: `collision` and `reached` (0 or 1), `x`, `y` (metres), `heading` (radians), `path` (metres driven) and
 * `shortest` (metres of a shortest path to the goal; 0 without one).
 */
export const navigate = environment({
  name: "navigate",
  summary: "drive without a stop between boxes and cylinders, to a goal if there is one; a collision ends it",
  source: "https://arxiv.org/abs/1704.05588",
  options,
  make: async (settings) => new Navigate(settings),
  baselines: { random: wander, straight, "hand-written": handWritten },
  success: "reached",
  measures: {
    // Success weighted by path length (Anderson et al. 2018, https://arxiv.org/abs/1807.06757).
    SPL: (ends) =>
      meanOf(ends.map(({ reached, shortest, path }) => (reached! * shortest!) / Math.max(path!, shortest!))),
    "collisions / 100 m": (ends) => (100 * sumOf(ends, "collision")) / sumOf(ends, "path"),
  },
  evaluation: { goals: true, part: "test" },
  planning,
});

const sumOf = (ends: readonly Step["info"][], name: string) => ends.reduce((sum, end) => sum + end[name]!, 0);
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

interface State extends Pose {
  readonly world: number;
  readonly step: number;
  readonly path: number;
  readonly goal: Point;
  readonly shortest: number;
}

class Navigate implements Environment {
  readonly observationSpace: ObservationSpace;
  readonly actionSpace = box([1], -1, 1, ["turn"]);
  readonly #settings: z.infer<typeof options>;
  readonly #worlds = new Map<number, World>();
  #state: State = { x: 0, y: 0, heading: 0, world: 0, step: 0, path: 0, goal: { x: 0, y: 0 }, shortest: 0 };
  /** Where it has been since the last `reset` or `restore`, for `render`. */
  #trail: Point[] = [];

  constructor(settings: z.infer<typeof options>) {
    this.#settings = settings;
    const sees: ObservationSpace =
      settings.camera === "scan" ? { scan: box([RAYS], 0, REACH) } : { depth: box([PIXELS, PIXELS], 0, REACH) };
    const goal = box([2], [0, -Math.PI], [SIDE * Math.SQRT2, Math.PI], ["distance", "bearing"]);
    this.observationSpace = settings.goals ? { ...sees, goal } : sees;
  }

  #world(index: number): World {
    const world = this.#worlds.get(index) ?? worldOf(this.#settings.part, index);
    this.#worlds.set(index, world);
    return world;
  }

  #observe(): Observation {
    const { world, x, y, heading, goal } = this.#state;
    const sees: Observation =
      this.#settings.camera === "scan"
        ? { scan: scan(this.#world(world), { x, y, heading }) }
        : { depth: depthImage(this.#world(world), { x, y, heading }) };
    if (!this.#settings.goals) return sees;
    const bearing = Math.atan2(goal.y - y, goal.x - x) - heading;
    const turned = Math.atan2(Math.sin(bearing), Math.cos(bearing));
    return { ...sees, goal: Float32Array.of(Math.hypot(goal.x - x, goal.y - y), turned) };
  }

  reset(seed: number): Observation {
    const rng = new Rng(seed).split("navigate");
    const index = rng.integer(0, this.#settings.worlds - 1);
    const world = this.#world(index);
    const [start, goal, shortest] = this.#settings.goals ? task(world, rng) : [freePose(world, rng), { x: 0, y: 0 }, 0];
    this.#state = { ...start, world: index, step: 0, path: 0, goal, shortest };
    this.#trail = [start];
    return this.#observe();
  }

  step(action: Action): Step {
    assertAction(this.actionSpace, action);
    const { goals, limit } = this.#settings;
    const before = this.#state;
    const world = this.#world(before.world);
    const metres = speed * seconds;
    const pose = turn(before, action[0]!);
    this.#state = { ...before, ...pose, step: before.step + 1, path: before.path + metres };
    this.#trail.push({ x: pose.x, y: pose.y });
    const { goal, step, path, shortest } = this.#state;
    const left = (from: Point) => Math.hypot(goal.x - from.x, goal.y - from.y);
    const collision = world.clearance(pose.x, pose.y) < ROBOT_RADIUS;
    const reached = goals && !collision && left(pose) < GOAL_RADIUS;
    const terminated = collision || reached;
    const info = { collision: Number(collision), reached: Number(reached), ...pose, path, shortest };
    const reward = (goals ? left(before) - left(pose) : metres) - Number(collision);
    return { observation: this.#observe(), reward, terminated, truncated: !terminated && step >= limit, info };
  }

  save(): Float64Array {
    const { world, x, y, heading, step, path, goal, shortest } = this.#state;
    return Float64Array.of(world, x, y, heading, step, path, goal.x, goal.y, shortest);
  }

  restore([
    world = 0,
    x = 0,
    y = 0,
    heading = 0,
    step = 0,
    path = 0,
    goalX = 0,
    goalY = 0,
    shortest = 0,
  ]: Float64Array): void {
    this.#state = { world, x, y, heading, step, path, goal: { x: goalX, y: goalY }, shortest };
    this.#trail = [{ x, y }];
  }

  render(width: number, height: number): Uint8Array {
    const goal = this.#settings.goals ? { ...this.#state.goal, radius: GOAL_RADIUS } : undefined;
    return topView(
      { world: this.#world(this.#state.world), robot: this.#state, trail: this.#trail, goal },
      width,
      height,
    );
  }

  [Symbol.dispose](): void {}
}

/** A place with room around it for the robot. */
function freePlace(world: World, rng: Rng): Point {
  for (;;) {
    const place = { x: rng.uniform(0, SIDE), y: rng.uniform(0, SIDE) };
    if (world.clearance(place.x, place.y) >= ROBOT_RADIUS + FREE) return place;
  }
}

/** A place with room around it and a metre of room ahead: no robot that cannot stop begins in front of a wall. */
function freePose(world: World, rng: Rng): Pose {
  for (;;) {
    const [{ x, y }, heading] = [freePlace(world, rng), rng.uniform(-Math.PI, Math.PI)];
    const isFree = (metres: number) =>
      world.clearance(x + metres * Math.cos(heading), y + metres * Math.sin(heading)) >= ROBOT_RADIUS;
    if ([0.25, 0.5, 0.75, 1].every(isFree)) return { x, y, heading };
  }
}

/** A start, and a goal that can be reached from it: with the metres to its edge. */
function task(world: World, rng: Rng): [start: Pose, goal: Point, shortest: number] {
  for (;;) {
    const [start, goal] = [freePose(world, rng), freePlace(world, rng)];
    const apart = Math.hypot(goal.x - start.x, goal.y - start.y);
    const shortest = apart >= NEAR && apart <= FAR ? shortestPath(world, start, goal) : undefined;
    if (shortest !== undefined) return [start, goal, shortest - GOAL_RADIUS];
  }
}
