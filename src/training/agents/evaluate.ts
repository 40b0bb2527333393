import type { Team } from "../../agents/team.ts";
import { Rng } from "../../array/index.ts";
import type { Environment, Policy } from "../../environments/environment.ts";
import type { Action, ActionSpace, Observation } from "../../environments/space.ts";
import type { Programs } from "./programs.ts";
import type { AgentState } from "./state.ts";
import { toEnvironment } from "./units.ts";

/** What episodes without exploration came to. */
export interface Episodes {
  /** The sum of rewards of each. */
  readonly returns: readonly number[];
  readonly lengths: readonly number[];
  /** Of each whether it ended in success, where the environment says so. */
  readonly successes?: readonly boolean[];
}

/** Actions for the observations of all episodes, by index; what it says for one that is over is not used. */
export type ActInAll = (observations: readonly Observation[]) => Promise<readonly Action[]>;

export interface EpisodesOptions {
  readonly act: ActInAll;
  make(): Promise<Environment>;
  readonly episodes: number;
  /** Of the episodes; the same for all that are compared, and of no episode that is learned from. */
  readonly seed: number;
  /** The number in `info` that is 1 for success. */
  readonly success?: string | undefined;
  /** Episodes that are over. */
  readonly onDone?: ((done: number, episodes: number) => void) | undefined;
}

/** The seed of an evaluation's episode. */
export const episodeSeed = (seed: number, episode: number): number =>
  new Rng(seed).split("evaluate", episode).integer(0, 2 ** 31 - 1);

/** An agent's best actions, without exploration: one call of the compiled policy for all episodes. */
export const bestActions =
  (team: Pick<Team, "choose">, programs: Pick<Programs, "act">, state: AgentState, space: ActionSpace): ActInAll =>
  async (observations) =>
    (await programs.act(state, observations)).map((outputs) => toEnvironment(space, team.choose(outputs)));

/** A policy for each episode, such as a baseline's. @param make may be called once an episode */
export function policiesOf(make: () => Policy, episodes: number, seed: number): ActInAll {
  const all = Array.from({ length: episodes }, (_, at) => {
    const policy = make();
    policy.reset?.(episodeSeed(seed, at));
    return { policy, rng: new Rng(seed).split("act", at) };
  });
  return (observations) => Promise.all(observations.map(async (seen, at) => all[at]!.policy.act(seen, all[at]!.rng)));
}

/** Plays episodes side by side. @throws UserError as the environment */
export async function playEpisodes(options: EpisodesOptions): Promise<Episodes> {
  const { episodes, seed, success } = options;
  await using stack = new AsyncDisposableStack();
  const worlds: Environment[] = [];
  for (let at = 0; at < episodes; at++) worlds.push(stack.use(await options.make()));
  const seen: Observation[] = worlds.map((world, at) => world.reset(episodeSeed(seed, at)));
  const [returns, lengths, successes] = [worlds.map(() => 0), worlds.map(() => 0), worlds.map(() => false)];
  const going = new Set(worlds.keys());
  while (going.size > 0) {
    const actions = await options.act(seen);
    for (const at of [...going]) {
      const step = worlds[at]!.step(actions[at]!);
      seen[at] = step.observation;
      returns[at]! += step.reward;
      lengths[at]! += 1;
      if (!step.terminated && !step.truncated) continue;
      going.delete(at);
      successes[at] = success !== undefined && step.info[success] === 1;
      options.onDone?.(episodes - going.size, episodes);
    }
  }
  return { returns, lengths, ...(success === undefined ? {} : { successes }) };
}
