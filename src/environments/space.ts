import type { Rng } from "../array/rng.ts";
import { sizeOf } from "../array/tensor.ts";
import { UserError } from "../foundation/errors.ts";

/** Numbers within bounds. */
export interface Box {
  readonly kind: "box";
  readonly shape: readonly number[];
  /** One bound for all numbers, or one each, row-major; infinite where there is none. */
  readonly low: number | readonly number[];
  readonly high: number | readonly number[];
  /** What the numbers along the last axis are: `x`, `y`, `angle`. */
  readonly names?: readonly string[];
}

/** One of `count` choices, 0 … count − 1. */
export interface Discrete {
  readonly kind: "discrete";
  readonly count: number;
  readonly names?: readonly string[];
}

/** What an agent can do. */
export type ActionSpace = Box | Discrete;

/** What an agent sees, by name: `state`, `depth`. */
export type ObservationSpace = Readonly<Record<string, Box>>;

/** Row-major values of every observation, by name. */
export type Observation = Readonly<Record<string, Float32Array>>;

/** The numbers of a box, row-major; of a discrete space the one choice. */
export type Action = Float32Array;

export const box = (shape: readonly number[], low: Box["low"], high: Box["high"], names?: readonly string[]): Box => ({
  kind: "box",
  shape,
  low,
  high,
  ...(names ? { names } : {}),
});

export const discrete = (count: number, names?: readonly string[]): Discrete => ({
  kind: "discrete",
  count,
  ...(names ? { names } : {}),
});

/** Numbers of an action: 1 for a discrete space. */
export const actionSize = (space: ActionSpace): number => (space.kind === "box" ? sizeOf(space.shape) : 1);

/** The bound of number `at`. */
export const boundOf = (bound: Box["low"], at: number): number => (typeof bound === "number" ? bound : bound[at]!);

/** A uniform action. @throws when a bound is infinite */
export function randomAction(space: ActionSpace, rng: Rng): Action {
  if (space.kind === "discrete") return Float32Array.of(rng.integer(0, space.count - 1));
  return Float32Array.from({ length: actionSize(space) }, (_, at) => {
    const [low, high] = [boundOf(space.low, at), boundOf(space.high, at)];
    if (!Number.isFinite(low) || !Number.isFinite(high)) throw new Error(`a random action has no bounds at ${at}`);
    return rng.uniform(low, high);
  });
}

/** @throws UserError when an action has another size, is no number, or no choice that there is. Numbers beyond a bound are allowed. */
export function assertAction(space: ActionSpace, action: Action): void {
  const size = actionSize(space);
  if (action.length !== size) throw new UserError(`an action of ${action.length} numbers where ${size} are wanted`);
  const at = action.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new UserError(`an action that is ${action[at]} at ${at}`);
  if (space.kind === "discrete" && !(Number.isInteger(action[0]) && action[0]! >= 0 && action[0]! < space.count))
    throw new UserError(`action ${action[0]} is none of the ${space.count} choices`);
}

/** In words: `64 × 64 numbers from 0 to 1`, `3 choices`. */
export function spaceText(space: ActionSpace): string {
  const names = space.names ? ` (${space.names.join(", ")})` : "";
  if (space.kind === "discrete") return `${space.count} choices${names}`;
  const size = space.shape.join(" × ");
  const numbers = `${size} ${size === "1" ? "number" : "numbers"}${names}`;
  const { low, high } = space;
  if (low === -Infinity && high === Infinity) return `${numbers} without bounds`;
  const bound = (values: Box["low"]) => (typeof values === "number" ? String(values) : `(${values.join(", ")})`);
  return `${numbers} from ${bound(low)} to ${bound(high)}`;
}
