import { Rng } from "../../../array/rng.ts";
import type { Environment, EnvironmentDefinition, Policy, Step } from "../../../environments/environment.ts";
import { type Action, actionSize, type Observation, randomAction } from "../../../environments/space.ts";
import { UserError } from "../../../foundation/errors.ts";
import { pngOf } from "./png.ts";
import { imageSpaceOf } from "./spaces.ts";

/** One episode, as it is written. All frames are there when it is over. */
export interface Episode {
  /** The seed that it was reset with. */
  readonly seed: number;
  /** Actions; what was seen is one more. */
  readonly steps: number;
  /** By name: the numbers of all frames one after the other, or a PNG of each frame. */
  readonly observations: Readonly<Record<string, Float32Array | readonly Uint8Array[]>>;
  /** `[steps, size]` */
  readonly actions: Float32Array;
  readonly rewards: Float32Array;
  /** Whether it ended by its own rules; else a limit cut it off. */
  readonly terminated: boolean;
  /** Of the last step, where the environment has such a thing. */
  readonly succeeded?: boolean;
  /** By the names in `Step.info`, `[steps]`: NaN where a step does not have it. */
  readonly information: Readonly<Record<string, Float32Array>>;
}

/** An episode that does not end by itself is cut here: the environment should have a limit of its own. */
const LONGEST = 100_000;

const policyOf = (policy: Policy | undefined, { actionSpace }: Environment): Policy =>
  policy ?? { act: (_, rng) => randomAction(actionSpace, rng) };

/**
 * Acts from the start of an episode to its end. What happens depends on `seed` and `index` alone.
 * @param policy by default every action is uniformly random
 * @throws UserError when what is seen is no number, or the environment refuses an action
 */
export async function attempt(
  environment: Environment,
  { success }: Pick<EnvironmentDefinition, "success">,
  { seed, index, policy }: { readonly seed: number; readonly index: number; readonly policy?: Policy | undefined },
): Promise<Episode> {
  const rng = new Rng(seed).split("attempt", index);
  const start = rng.split("start").integer(0, 2 ** 31 - 1);
  const actor = policyOf(policy, environment);
  const acting = rng.split("act");
  actor.reset?.(start);
  const seen: Observation[] = [environment.reset(start)];
  const actions: Action[] = [];
  const steps: Step[] = [];
  for (;;) {
    const action = Float32Array.from(await actor.act(seen.at(-1)!, acting));
    const step = environment.step(action);
    actions.push(action);
    steps.push(step);
    seen.push(step.observation);
    if (step.terminated || step.truncated) break;
    if (steps.length >= LONGEST) throw new UserError(`episode ${index} has not ended after ${LONGEST} steps`);
  }
  const last = steps.at(-1)!;
  const names = [...new Set(steps.flatMap(({ info }) => Object.keys(info)))].sort();
  const size = actionSize(environment.actionSpace);
  return {
    seed: start,
    steps: steps.length,
    observations: await recorded(environment, seen, index),
    actions: Float32Array.from(
      { length: size * actions.length },
      (_, at) => actions[Math.floor(at / size)]![at % size]!,
    ),
    rewards: Float32Array.from(steps, ({ reward }) => reward),
    terminated: last.terminated,
    ...(success === undefined ? {} : { succeeded: (last.info[success] ?? 0) > 0 }),
    information: Object.fromEntries(
      names.map((name) => [name, Float32Array.from(steps, ({ info }) => info[name] ?? Number.NaN)]),
    ),
  };
}

async function recorded(
  { observationSpace }: Environment,
  seen: readonly Observation[],
  index: number,
): Promise<Episode["observations"]> {
  const all: Record<string, Float32Array | readonly Uint8Array[]> = {};
  for (const [name, space] of Object.entries(observationSpace)) {
    const values = seen.map((observation, frame) => {
      const one = observation[name];
      if (!one || one.some((value) => !Number.isFinite(value)))
        throw new UserError(
          `episode ${index}: the observation "${name}" of frame ${frame} is ${one ? "no number" : "missing"}`,
        );
      return one;
    });
    const image = imageSpaceOf(space);
    if (image) all[name] = await Promise.all(values.map((one) => pngOf(one, image)));
    else {
      const size = values[0]!.length;
      const joined = new Float32Array(size * values.length);
      values.forEach((one, frame) => {
        joined.set(one, frame * size);
      });
      all[name] = joined;
    }
  }
  return all;
}
