import { type Array, np } from "../../array/index.ts";
import { sizeOf } from "../../array/tensor.ts";
import type { ObservationSpace } from "../../environments/space.ts";
import type { Seen, Windows } from "../agent.ts";

/** What is there at one step of the windows: `[batch, length, …]` → `[batch, …]`. */
export function stepOf(x: Array, step: number): Array {
  const [batch = 1, length = 1, ...rest] = x.shape;
  if (length === 1) return np.reshape(x, [batch, ...rest]);
  const cuts = [step, step + 1].filter((cut) => cut > 0 && cut < length);
  return np.reshape(np.split(x, cuts, 1)[step > 0 ? 1 : 0]!, [batch, ...rest]);
}

/** The observations before step `step`; `length` is after the last. */
export const observationAt = (windows: Windows, step: number): Seen =>
  Object.fromEntries(Object.entries(windows.observation).map(([name, values]) => [name, stepOf(values, step)]));

/** All observations as one vector, `[batch, size]`. */
export const joined = (observation: Seen): Array => {
  const flat = Object.values(observation).map((values) => np.reshape(values, [values.shape[0]!, -1]));
  return flat.length === 1 ? flat[0]! : np.concatenate(flat, 1);
};

/** Numbers of all observations together: the width of `joined`. */
export const observationSize = (space: ObservationSpace): number =>
  Object.values(space).reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** What the first `steps` steps of the windows earned, and how much what follows counts. */
export interface Return {
  /** Discounted sum, `[batch]`. */
  readonly sum: Array;
  /** Factor of the value of what follows, `[batch]`: the discount of the steps taken; 0 after a termination. */
  readonly discount: Array;
}

/** Of the reward. What follows is the observation after the last step: an episode's last one repeats. */
export function nStepReturn(windows: Windows, discount: number, steps: number): Return {
  return returnOf(windows, windows.reward, discount, steps, true);
}

/** Of the bonus, which does not end with the episode. What follows is `windows.onward`; `steps` is the control agent's `length`. */
export function nStepBonus(windows: Windows, discount: number, steps: number): Return {
  return returnOf(windows, windows.bonus, discount, steps, false);
}

function returnOf(windows: Windows, paid: Array, discount: number, steps: number, ends: boolean): Return {
  let sum: Array | undefined;
  let factor: Array | undefined;
  for (let step = 0; step < steps; step++) {
    const valid = stepOf(windows.valid, step);
    const earned = stepOf(paid, step);
    // What comes after the end is 0 and adds nothing.
    const term = step === 0 ? earned : np.multiply(earned, discount ** step);
    sum = sum ? np.add(sum, term) : term;
    const goesOn = ends ? np.subtract(1, stepOf(windows.terminated, step)) : undefined;
    // 1 after the end, else the discount.
    const each = step === 0 ? discount : np.add(1, np.multiply(valid, discount - 1));
    const next = goesOn ? np.multiply(goesOn, each) : typeof each === "number" ? np.full(valid.shape, each) : each;
    factor = factor ? np.multiply(factor, next) : next;
  }
  if (!sum || !factor) throw new Error("a return of no steps");
  return { sum, discount: factor };
}
