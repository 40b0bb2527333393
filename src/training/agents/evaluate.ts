import type { Team } from "../../agents/team.ts";
import { Rng } from "../../array/index.ts";
import type { Environment } from "../../environments/environment.ts";
import type { Observation } from "../../environments/space.ts";
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

export interface EpisodesOptions {
  readonly team: Pick<Team, "choose">;
  readonly programs: Pick<Programs, "act">;
  readonly state: AgentState;
  make(): Promise<Environment>;
  readonly episodes: number;
  /** Of the episodes; the same for every evaluation, and of no episode that is learned from. */
  readonly seed: number;
  /** The number in `info` that is 1 for success. */
  readonly success?: string | undefined;
  onStep?(done: number): void;
}

/** The seed of an evaluation's episode. */
export const episodeSeed = (seed: number, episode: number): number =>
  new Rng(seed).split("evaluate", episode).integer(0, 2 ** 31 - 1);

/**
 * Plays episodes by the agent's best actions, side by side: one call of the compiled policy acts in all of them.
 * @throws UserError as the environment
 */
export async function playEpisodes(options: EpisodesOptions): Promise<Episodes> {
  const { episodes, team, programs, state, seed, success } = options;
  await using stack = new AsyncDisposableStack();
  const worlds: Environment[] = [];
  for (let at = 0; at < episodes; at++) worlds.push(stack.use(await options.make()));
  const seen: Observation[] = worlds.map((world, at) => world.reset(episodeSeed(seed, at)));
  const returns = worlds.map(() => 0);
  const lengths = worlds.map(() => 0);
  const successes = worlds.map(() => false);
  const going = new Set(worlds.keys());
  while (going.size > 0) {
    const outputs = await programs.act(state, seen);
    for (const at of [...going]) {
      const world = worlds[at]!;
      const step = world.step(toEnvironment(world.actionSpace, team.choose(outputs[at]!)));
      seen[at] = step.observation;
      returns[at]! += step.reward;
      lengths[at]! += 1;
      if (!step.terminated && !step.truncated) continue;
      going.delete(at);
      successes[at] = success !== undefined && step.info[success] === 1;
    }
    options.onStep?.(episodes - going.size);
  }
  return { returns, lengths, ...(success === undefined ? {} : { successes }) };
}
