import { existsSync } from "node:fs";
import { join } from "node:path";
import { Rng } from "../../array/index.ts";
import type { Environment, Policy } from "../../environments/environment.ts";
import { UserError } from "../../foundation/errors.ts";
import { agentCheckpoint, assertAsked, filled, loadAgent } from "./checkpoint.ts";
import { type AgentConfig, agentParts, readAgentConfig, seedFolder } from "./config.ts";
import { type ActInAll, bestActions, type Episodes, playEpisodes } from "./evaluate.ts";
import { programsOf } from "./programs.ts";

/** An agent that has learned, to act with. */
export interface OpenedAgent extends AsyncDisposable {
  /** The seed's folder. */
  readonly path: string;
  readonly config: AgentConfig;
  /** Steps that it has learned from. */
  readonly step: number;
  /** Its best actions, without exploration, in the environment's units. */
  readonly policy: Policy;
  /** The environment that it has learned in. */
  make(): Promise<Environment>;
  /** The same for several episodes at once. */
  readonly actInAll: ActInAll;
  /** Episodes side by side. @param seed of the episodes */
  play(episodes: number, seed: number, onDone?: (done: number, episodes: number) => void): Promise<Episodes>;
}

/**
 * The folders of a run's seeds that have a checkpoint; the folder itself if it is a seed's.
 * @throws UserError when there is none
 */
export async function seedsOf(run: string): Promise<{ readonly seed: number; readonly path: string }[]> {
  const config = await readAgentConfig(run);
  if (!config) throw new UserError(`${run}: no run of an agent (it has no config.json of one)`);
  const { seed: first, seeds } = config.learning;
  if (existsSync(agentCheckpoint(run))) return [{ seed: first, path: run }];
  const all = Array.from({ length: seeds }, (_, at) => ({ seed: first + at, path: seedFolder(run, first + at) }));
  const begun = all.filter(({ path }) => existsSync(agentCheckpoint(path)));
  if (begun.length === 0) throw new UserError(`${run}: no seed has a checkpoint yet`);
  return begun;
}

/**
 * Whether a folder is a run of an agent.
 *
 * @example
 * if (await isAgentRun("runs/cheetah")) console.log("it acts");
 */
export async function isAgentRun(run: string): Promise<boolean> {
  return existsSync(join(run, "config.json")) && (await readAgentConfig(run).catch(() => undefined)) !== undefined;
}

/**
 * Opens an agent to act with: of a run of several seeds the first.
 * @throws UserError when the folder is no agent's run, or its checkpoint is missing or damaged
 *
 * @example
 * await using agent = await openAgent("runs/cheetah");
 * console.log((await agent.play(10, 0)).returns);
 */
export async function openAgent(run: string): Promise<OpenedAgent> {
  const { path } = (await seedsOf(run))[0]!;
  const config = await readAgentConfig(path);
  if (!config) throw new UserError(`${path}: no run of an agent (it has no config.json of one)`);
  const { team, spaces, success, make } = await agentParts(config, { isStored: true });
  const { seed } = config.learning;
  await assertAsked(path, team);
  const programs = programsOf(team, spaces.observationSpace, config.learning, new Rng(seed));
  const saved = await loadAgent(path);
  const asked = await programs.named(programs.begin(new Rng(seed)));
  const file = agentCheckpoint(path);
  const state = programs.fromNamed({
    ...asked,
    params: filled(file, asked.params, saved.params),
    memory: filled(file, asked.memory, saved.memory),
  });
  const actInAll = bestActions(team, programs, state, spaces.actionSpace);
  return {
    ...{ path, config, step: saved.position.step, make },
    policy: {
      async act(observation) {
        return (await actInAll([observation]))[0]!;
      },
    },
    actInAll,
    play: (episodes, seedOfEpisodes, onDone) =>
      playEpisodes({ act: actInAll, make, episodes, success, onDone, seed: seedOfEpisodes }),
    [Symbol.asyncDispose]: () => programs.dispose(),
  };
}
