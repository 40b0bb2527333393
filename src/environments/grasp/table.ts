import { Rng } from "../../array/rng.ts";
import type { Environment, Step } from "../environment.ts";
import { type Camera, capture, lookAt, shade } from "../mujoco/camera.ts";
import type { Simulator } from "../mujoco/simulator.ts";
import { type Action, assertAction, box, type Observation } from "../space.ts";
import { above, aside, controlsAt, drives, gripper, joints, OPENING, STEPS } from "./gripper.ts";
import { depthOf, FIELD_OF_VIEW, HEIGHT, SIDE, worldOf } from "./image.ts";
import { drawThing, type Family, scatter } from "./objects.ts";

/** Fingers that are held apart by more than that hold something, metres. */
const LEAST_GAP = 0.001;
/** What is lifted is that much higher than before, metres. */
const LEAST_RISE = 0.05;
/** Simulation steps until objects lie still: at first, and after an attempt. */
const [SETTLE, CALM] = [220, 100];
/** Simulation steps between moments of a film. */
const MOMENT = 10;
/** Half a side of the stretch on which objects are scattered, and how much higher each begins that finds no room, metres. */
const [SCATTER, STACK] = [0.065, 0.05];
/** Where what was taken away lies, metres. */
const AWAY = 5;

const eye: Camera = lookAt([0, 0, HEIGHT], [0, 0, 0], FIELD_OF_VIEW, [0, 1, 0]);
const onlooker: Camera = lookAt([0.3, -0.42, 0.34], [0, 0, 0.04], 34);

/** Half a side of the bin, and of its walls' height and thickness, metres. */
const [BIN, LOW, THIN] = [0.13, 0.012, 0.004];
const walls = [
  [BIN, 0, THIN, BIN],
  [-BIN, 0, THIN, BIN],
  [0, BIN, BIN, THIN],
  [0, -BIN, BIN, THIN],
]
  .map(([x, y, a, b]) => `<geom type="box" pos="${x} ${y} ${LOW}" size="${a} ${b} ${LOW}" rgba="0.6 0.5 0.4 1"/>`)
  .join("");

const sceneOf = (objects: string, bin: boolean) => `<mujoco>
<compiler angle="radian"/>
<option timestep="0.002" integrator="implicitfast" cone="elliptic" impratio="5"/>
<default><geom friction="0.6 0.01 0.0001" condim="4" density="900"/></default>
<worldbody><geom type="plane" size="0 0 1" rgba="0.78 0.8 0.83 1"/>${bin ? walls : ""}${gripper}${objects}</worldbody>
${drives}</mujoco>`;

/** One object in the simulator: where its coordinates, velocities and place are. */
interface Held {
  readonly position: number;
  readonly velocity: number;
  readonly body: number;
}

interface Scene {
  readonly simulator: Simulator;
  /** Where the gripper's coordinates and velocities are. */
  readonly gripper: readonly { readonly position: number; readonly velocity: number }[];
  readonly objects: readonly Held[];
}

export interface TableOptions {
  readonly bin: boolean;
  readonly objects: number;
  readonly attempts: number;
  readonly families: readonly Family[];
}

/** The task `grasp`: see there. Every scene is a model of its own. */
export class Table implements Environment {
  readonly observationSpace = { depth: box([1, SIDE, SIDE], 0.85, HEIGHT) };
  readonly actionSpace = box([3], [-1, -1, 0], [1, 1, Math.PI], ["x", "y", "angle"]);
  moment?: (() => void) | undefined;
  readonly #open: (xml: string) => Simulator;
  readonly #options: TableOptions;
  #scene: Scene | undefined;
  #seed = 0;
  #attempt = 0;
  /** Of each object, whether it was lifted and taken away. */
  #gone: boolean[] = [];

  constructor(open: (xml: string) => Simulator, options: TableOptions) {
    this.#open = open;
    this.#options = options;
  }

  get #now(): Scene {
    if (!this.#scene) throw new Error("an episode begins with reset");
    return this.#scene;
  }

  reset(seed: number): Observation {
    this.#build(seed);
    this.#moveGripper(aside.coordinates);
    this.#now.simulator.setControls(aside.controls);
    this.#now.simulator.step(SETTLE);
    return this.#look();
  }

  #build(seed: number): void {
    this.#scene?.simulator[Symbol.dispose]();
    const rng = new Rng(seed).split("grasp");
    const { families, bin, objects } = this.#options;
    const things = Array.from({ length: objects }, () =>
      drawThing(families[rng.integer(0, families.length - 1)]!, rng),
    );
    const simulator = this.#open(sceneOf(scatter(things, SCATTER, STACK, rng), bin));
    this.#scene = {
      simulator,
      gripper: joints.map((name) => simulator.joint(name)),
      objects: things.map((_, at) => {
        const name = `object${at}`;
        return { ...simulator.joint(name), body: simulator.index("body", name) };
      }),
    };
    this.#seed = seed;
    this.#attempt = 0;
    this.#gone = things.map(() => false);
  }

  /** Sets the gripper down somewhere at once, and what was lifted beside the table. */
  #moveGripper(coordinates: readonly number[]): void {
    const { simulator, gripper, objects } = this.#now;
    const { positions, velocities } = simulator;
    gripper.forEach(({ position, velocity }, at) => {
      positions[position] = coordinates[at]!;
      velocities[velocity] = 0;
    });
    objects.forEach(({ position, velocity }, at) => {
      if (!this.#gone[at]) return;
      positions.set([AWAY + at, 0, 0.06, 1, 0, 0, 0], position);
      velocities.fill(0, velocity, velocity + 6);
    });
    simulator.setState(positions, velocities);
  }

  #look(): Observation {
    return { depth: capture(this.#now.simulator.scene, eye, SIDE, SIDE).depth };
  }

  #heights(): number[] {
    const places = this.#now.simulator.bodyPositions;
    return this.#now.objects.map(({ body }) => places[body * 3 + 2]!);
  }

  step(action: Action): Step {
    assertAction(this.actionSpace, action);
    const { simulator, objects } = this.#now;
    const within = (value: number) => Math.min(1, Math.max(-1, value));
    const turn = action[2]!;
    const [x, y] = worldOf(depthOf(this.#look()), within(action[0]!), within(action[1]!));
    const before = this.#heights();
    const places = simulator.bodyPositions;
    this.#moveGripper(above(x, y, turn));
    for (let at = 0; at < STEPS; at++) {
      simulator.setControls(controlsAt(at, x, y, turn));
      simulator.step();
      if (this.moment && at % MOMENT === 0) this.moment();
    }
    const gap = this.#gap();
    const held = gap > LEAST_GAP ? 1 : 0;
    const after = this.#heights();
    const lifted = after.map((height, at) => !this.#gone[at] && height - before[at]! > LEAST_RISE);
    lifted.forEach((isLifted, at) => {
      if (isLifted) this.#gone[at] = true;
    });
    this.#attempt += 1;
    const isEmpty = this.#gone.every(Boolean);
    const isLast = this.#attempt >= this.#options.attempts;
    const target = nearestTo(x, y, objects, places);
    this.#moveGripper(aside.coordinates);
    simulator.setControls(aside.controls);
    if (!isEmpty && !isLast) simulator.step(CALM);
    const info = {
      held,
      lifted: lifted.some(Boolean) ? 1 : 0,
      gap,
      cleared: this.#gone.filter(Boolean).length,
      object_x: target.x,
      object_y: target.y,
      x,
      y,
    };
    return { observation: this.#look(), reward: held, terminated: isEmpty || isLast, truncated: false, info };
  }

  /** Metres between the fingers, as the gripper measures it. */
  #gap(): number {
    const { simulator, gripper } = this.#now;
    const positions = simulator.positions;
    return OPENING - positions[gripper[4]!.position]! - positions[gripper[5]!.position]!;
  }

  save(): Float64Array {
    const gone = this.#gone.map(Number);
    return Float64Array.of(this.#seed, this.#attempt, ...gone, ...this.#now.simulator.save());
  }

  restore(state: Float64Array): void {
    const [seed = 0, attempt = 0] = state;
    if (!this.#scene || this.#seed !== seed) this.#build(seed);
    this.#attempt = attempt;
    this.#gone = this.#gone.map((_, at) => state[2 + at] === 1);
    this.#now.simulator.restore(state.slice(2 + this.#gone.length));
  }

  render(width: number, height: number): Uint8Array {
    const geoms = this.#now.simulator.scene;
    return shade(geoms, onlooker, capture(geoms, onlooker, width, height), width, height, 0.05);
  }

  [Symbol.dispose](): void {
    this.#scene?.simulator[Symbol.dispose]();
    this.#scene = undefined;
  }
}

/** Where the object is that is nearest to the place of an attempt, metres. */
function nearestTo(x: number, y: number, objects: readonly Held[], places: Float64Array) {
  let [best, found] = [Number.POSITIVE_INFINITY, { x: 0, y: 0 }];
  objects.forEach(({ body }) => {
    const [ox, oy] = [places[body * 3]!, places[body * 3 + 1]!];
    const distance = Math.hypot(ox - x, oy - y);
    if (distance < best) [best, found] = [distance, { x: ox, y: oy }];
  });
  return found;
}
