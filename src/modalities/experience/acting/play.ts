import { Rng } from "../../../array/rng.ts";
import type { Environment, EnvironmentDefinition, Policy, Step } from "../../../environments/environment.ts";
import type { Observation } from "../../../environments/space.ts";

/** What episodes came to, one entry an episode. */
export interface Played {
  /** The sum of rewards. */
  readonly returns: readonly number[];
  /** Actions. */
  readonly lengths: readonly number[];
  /** Whether it ended in success, in truth, where the environment knows such a thing. */
  readonly successes?: readonly boolean[];
  /** `info` of the last step. */
  readonly ends: readonly Readonly<Record<string, number>>[];
}

export interface PlayOptions {
  readonly environment: Environment;
  readonly definition: Pick<EnvironmentDefinition, "success" | "truth">;
  readonly policy: Policy;
  readonly episodes: number;
  /** Of the episodes: the same for all that are compared. */
  readonly seed: number;
  /** Ends after the episode in which it fires. */
  readonly signal?: AbortSignal | undefined;
  /** At the start of an episode, before it is acted in. */
  readonly onStart?: ((episode: number, observation: Observation) => void) | undefined;
  readonly onStep?: ((step: Step) => void) | undefined;
  readonly onEpisode?: ((done: number, episodes: number) => void) | undefined;
}

/** The seed of an episode that is acted in: of none that was learned from. */
const episodeSeed = (seed: number, episode: number): number =>
  new Rng(seed).split("evaluate", episode).integer(0, 2 ** 31 - 1);

/**
 * Acts through episodes. What happens depends on `seed` and the policy alone, so that policies are compared in the same scenes.
 *
 * @example
 * const { successes } = await play({ environment, definition, policy: planner, episodes: 200, seed: 0 });
 */
export async function play({
  environment,
  definition,
  policy,
  episodes,
  seed,
  ...hooks
}: PlayOptions): Promise<Played> {
  const right = definition.truth ?? definition.success;
  const [returns, lengths, successes]: [number[], number[], boolean[]] = [[], [], []];
  const ends: Step["info"][] = [];
  for (let episode = 0; episode < episodes && !hooks.signal?.aborted; episode++) {
    const start = episodeSeed(seed, episode);
    const rng = new Rng(seed).split("act", episode);
    let observation = environment.reset(start);
    policy.reset?.(start);
    hooks.onStart?.(episode, observation);
    let [total, length] = [0, 0];
    for (;;) {
      const step = environment.step(await policy.act(observation, rng));
      observation = step.observation;
      total += step.reward;
      length += 1;
      hooks.onStep?.(step);
      if (!step.terminated && !step.truncated) continue;
      ends.push(step.info);
      if (right !== undefined) successes.push(step.info[right] === 1);
      break;
    }
    returns.push(total);
    lengths.push(length);
    hooks.onEpisode?.(episode + 1, episodes);
  }
  return { returns, lengths, ends, ...(right === undefined ? {} : { successes }) };
}
