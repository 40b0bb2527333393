import type { MainModule, MjData, MjModel } from "@mujoco/mujoco";
import { messageOf, UserError } from "../../foundation/errors.ts";
import type { Geoms } from "./camera.ts";
import { type Geom, geomsOf } from "./geoms.ts";
import { controlRangesOf, hasBlownUp, indexOf, nameOf, type Part } from "./parts.ts";
import { withoutTextures } from "./textures.ts";

/** One simulator a thread: its memory is shared by all its models. */
let loading: Promise<MainModule> | undefined;

async function mujoco(): Promise<MainModule> {
  const { default: load } = await import("@mujoco/mujoco");
  const quiet = () => {};
  // Warnings would be written on the terminal; what they tell of is found and thrown below.
  return load({ print: quiet, printErr: quiet });
}

/**
 * Compiles a model and stands it in its initial state.
 * @param xml MJCF; textures are left out, since nothing here draws them and they take most of the time
 * @throws UserError saying what is wrong, and in which line
 *
 * @example
 * using simulator = await openSimulator(`<mujoco><worldbody><body><freejoint/><geom size="0.1"/></body></worldbody></mujoco>`);
 * simulator.step(100);
 * simulator.positions; // x, y, z and the quaternion after 0.2 s of falling
 */
export const openSimulator = async (xml: string): Promise<Simulator> => (await simulators())(xml);

/** Loads MuJoCo. What it gives is `openSimulator` at once, for tasks that have a model of their own in every episode. */
export async function simulators(): Promise<(xml: string) => Simulator> {
  loading ??= mujoco();
  const module = await loading;
  return (xml) => {
    let model: MjModel | undefined;
    try {
      model = module.MjModel.from_xml_string(withoutTextures(xml));
      if (!(model.opt.timestep > 0)) throw new Error("a timestep must be above 0 s");
      return new Simulator(module, model, new module.MjData(model));
    } catch (error) {
      // After an abort the module is of no more use: the next model gets a new one.
      if (error instanceof Error && error.name === "RuntimeError") loading = undefined;
      else model?.delete();
      throw new UserError(`the model cannot be simulated: ${reason(error)}`);
    }
  };
}

/** What is thrown where memory does not suffice. */
const NO_MEMORY = /^vector$|bad_alloc|length_error|allocate memory/;

function reason(error: unknown): string {
  const text = messageOf(error)
    .replace(/^(MuJoCo Error: |Loading error: |(XML )?Error: )+/, "")
    .replace(/Error=\w+ ErrorID=\S+ \(\S+\) /, "")
    .replace(/Line number=/, "line ");
  return NO_MEMORY.test(text) ? "it takes more memory than there is" : text;
}

/**
 * A MuJoCo model and its state (https://mujoco.readthedocs.io): numbers are float64, units are SI, angles are radians. What
 * follows depends on the state and the controls alone: same numbers in, same bits out. Every array that it gives is a copy.
 */
export class Simulator {
  /** Seconds of one step. */
  readonly timestep: number;
  readonly version: string;
  /** Coordinates (`nq`), velocities (`nv`), controls (`nu`) and numbers of all sensors. */
  readonly sizes: {
    readonly positions: number;
    readonly velocities: number;
    readonly controls: number;
    readonly sensors: number;
  };
  readonly geoms: readonly Geom[];
  /** Kilograms, by body; of the world, 0. */
  readonly masses: readonly number[];
  /** The middle and the size of the model as it begins, metres: for a camera. */
  readonly view: { readonly center: readonly [number, number, number]; readonly extent: number };
  /** Lowest and highest value of each control; infinite where there is none. */
  readonly controlRanges: readonly (readonly [number, number])[];
  readonly #module: MainModule;
  readonly #model: MjModel;
  readonly #data: MjData;
  readonly #shapes: Pick<Geoms, "count" | "type" | "size" | "rgba">;
  /** The state's arrays in the simulator's memory. Asking for one takes longer than reading it. */
  #views: { readonly positions: Float64Array; readonly velocities: Float64Array; readonly controls: Float64Array };
  /** Whether places of bodies, sensors and contacts are those of an earlier state. */
  #stale = true;
  #disposed = false;

  constructor(module: MainModule, model: MjModel, data: MjData) {
    this.#module = module;
    this.#model = model;
    this.#data = data;
    this.#views = this.#viewed();
    this.timestep = model.opt.timestep;
    this.version = module.mj_versionString();
    this.sizes = { positions: model.nq, velocities: model.nv, controls: model.nu, sensors: model.nsensordata };
    this.geoms = geomsOf(module, model);
    this.#shapes = {
      count: model.ngeom,
      type: [...model.geom_type],
      size: copy(model.geom_size),
      rgba: this.geoms.flatMap(({ color }) => color),
    };
    const [x = 0, y = 0, z = 0]: Float64Array = model.stat.center;
    this.view = { center: [x, y, z], extent: model.stat.extent };
    this.masses = [...model.body_mass];
    this.controlRanges = controlRangesOf(model);
  }

  /** The model's initial state, at time 0, with all controls 0. */
  reset(): void {
    this.#module.mj_resetData(this.#model, this.#alive());
    this.#stale = true;
  }

  get time(): number {
    return this.#alive().time;
  }

  /** `[nq]` */
  get positions(): Float64Array {
    return copy(this.#state().positions);
  }

  /** `[nv]` */
  get velocities(): Float64Array {
    return copy(this.#state().velocities);
  }

  /** @throws UserError for a number that is none */
  setState(positions: ArrayLike<number>, velocities: ArrayLike<number>): void {
    const state = this.#state();
    fill(state.positions, positions, "positions");
    fill(state.velocities, velocities, "velocities");
    this.#stale = true;
  }

  /** `[nu]`, held until they are set again. @throws UserError for a number that is none */
  setControls(controls: ArrayLike<number>): void {
    fill(this.#state().controls, controls, "controls");
    this.#stale = true;
  }

  /**
   * @param count steps of `timestep` seconds
   * @throws UserError when the simulation blows up; `reset` or `restore` goes on
   */
  step(count = 1): void {
    const data = this.#alive();
    const before = data.time;
    for (let at = 0; at < count; at++) this.#module.mj_step(this.#model, data);
    this.#stale = true;
    // MuJoCo only warns and resets to time 0. When the first step does so, its time does not show it.
    const isReset = data.time < before + (count - 0.5) * this.timestep;
    if (isReset || (before === 0 && hasBlownUp(this.#module, data)))
      throw new UserError(
        `the simulation became unstable after ${before.toPrecision(4)} s: forces or velocities too large for steps of ${this.timestep} s`,
      );
  }

  /** Places of geoms' centres, `[geoms, 3]`. */
  get geomPositions(): Float64Array {
    return copy(this.#settled().geom_xpos);
  }

  /** Rotations from a geom's axes to the world's, row-major, `[geoms, 3, 3]`. */
  get geomRotations(): Float64Array {
    return copy(this.#settled().geom_xmat);
  }

  /** Places of bodies' origins, `[bodies, 3]`; the first is the world's. */
  get bodyPositions(): Float64Array {
    return copy(this.#settled().xpos);
  }

  /** Row-major, `[bodies, 3, 3]`. */
  get bodyRotations(): Float64Array {
    return copy(this.#settled().xmat);
  }

  /** `[sites, 3]` */
  get sitePositions(): Float64Array {
    return copy(this.#settled().site_xpos);
  }

  /** What a camera sees, as it is now. */
  get scene(): Geoms {
    return { ...this.#shapes, position: this.geomPositions, rotation: this.geomRotations };
  }

  /** How many contacts there are now. */
  get contacts(): number {
    return this.#settled().ncon;
  }

  /** What all sensors measure now, in the model's order. */
  get sensors(): Float64Array {
    return copy(this.#settled().sensordata);
  }

  /** What a sensor measures now: of a touch sensor, newtons. */
  sensor(name: string): Float64Array {
    const at = this.index("sensor", name);
    const start = this.#model.sensor_adr[at];
    const values: Float64Array = this.#settled().sensordata;
    return values.slice(start, start + this.#model.sensor_dim[at]);
  }

  /** Where a part is among those of its kind. @throws Error when there is none of that name */
  index(part: Part, name: string): number {
    this.#alive();
    return indexOf(this.#module, this.#model, part, name);
  }

  /** Names of all actuators; of one without a name, its number. */
  get actuators(): string[] {
    this.#alive();
    const count = this.sizes.controls;
    return Array.from(
      { length: count },
      (_, at) => nameOf(this.#module, this.#model, "actuator", at) || `control ${at}`,
    );
  }

  /** Where a joint's first coordinate is among the positions, and its first velocity among the velocities. */
  joint(name: string): { readonly position: number; readonly velocity: number } {
    const at = this.index("joint", name);
    return { position: this.#model.jnt_qposadr[at], velocity: this.#model.jnt_dofadr[at] };
  }

  /** All that the future depends on. */
  save(): Float64Array {
    const what = this.#module.mjtState.mjSTATE_INTEGRATION.value;
    const buffer = new this.#module.DoubleBuffer(this.#module.mj_stateSize(this.#model, what));
    this.#module.mj_getState(this.#model, this.#alive(), buffer, what);
    const state = copy(buffer.GetView());
    buffer.delete();
    return state;
  }

  /** Goes on from a saved state of the same model, bit for bit. @throws Error for one of another model */
  restore(state: Float64Array): void {
    const data = this.#alive();
    const what = this.#module.mjtState.mjSTATE_INTEGRATION.value;
    const size = this.#module.mj_stateSize(this.#model, what);
    if (state.length !== size) throw new Error(`a state of ${state.length} numbers where the model has ${size}`);
    this.#module.mj_setState(this.#model, data, Array.from(state), what);
    this.#stale = true;
  }

  /** Frees the simulator's memory, which is not collected. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#data.delete();
    this.#model.delete();
  }

  /** Reading what was freed would give numbers, not an error. */
  #alive(): MjData {
    if (this.#disposed) throw new Error("this simulator was disposed of");
    return this.#data;
  }

  #viewed() {
    return { positions: this.#data.qpos, velocities: this.#data.qvel, controls: this.#data.ctrl };
  }

  /** When the simulator's memory grows, earlier views of it are empty. */
  #state() {
    this.#alive();
    if (this.#views.positions.length !== this.sizes.positions) this.#views = this.#viewed();
    return this.#views;
  }

  /** After a step, quantities derived from the state are one step behind it. Recomputing them does not change the state. */
  #settled(): MjData {
    const data = this.#alive();
    if (this.#stale) this.#module.mj_forward(this.#model, data);
    this.#stale = false;
    return data;
  }
}

const copy = (view: Float64Array): Float64Array => view.slice();

function fill(target: Float64Array, values: ArrayLike<number>, what: string): void {
  if (values.length !== target.length)
    throw new UserError(`${values.length} ${what} where the model has ${target.length}`);
  for (let at = 0; at < target.length; at++) {
    const value = values[at]!;
    if (!Number.isFinite(value)) throw new UserError(`${what} with ${value} at ${at}`);
    target[at] = value;
  }
}
