import type { EnvironmentDefinition, Policy } from "../../../environments/environment.ts";
import { randomAction } from "../../../environments/space.ts";
import { UserError } from "../../../foundation/errors.ts";
import { filmOf } from "./film.ts";
import type { Planner } from "./planner.ts";
import { type Played, play } from "./play.ts";

/** Who acted, and what came of it. */
export interface Actor {
  readonly name: string;
  readonly played: Played;
}

export interface ActOptions {
  readonly definition: EnvironmentDefinition;
  /** The environment's, settled. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Who acts, and under which name it is listed. */
  readonly actor: { readonly name: string; readonly policy: Policy | Planner };
  /** Who else acts in the same episodes, before chance and the hand-written controllers: an untrained net. */
  readonly others?: readonly { readonly name: string; readonly policy: Policy }[];
  readonly episodes: number;
  /** Of the episodes. */
  readonly seed?: number;
  /** Whether `others`, a random policy and the environment's hand-written controllers act in the same episodes. Default true. */
  readonly compare?: boolean;
  /** Animated WebP to write of the first episodes. */
  readonly video?: string | undefined;
  /** Episodes that are filmed. Default 8. */
  readonly filmed?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/**
 * Acts in an environment, beside chance and the controllers that a person wrote, all in the same episodes.
 * @throws UserError when a film is wanted of an environment that cannot be drawn
 *
 * @example
 * const actors = await act({ definition, options, actor: { name: "runs/grasp", policy: planner }, episodes: 200 });
 */
export async function act({
  definition,
  options,
  actor,
  others = [],
  episodes,
  seed = 0,
  compare = true,
  video,
  filmed = 8,
  signal,
  onProgress,
}: ActOptions): Promise<Actor[]> {
  using environment = await definition.make(options);
  if (video !== undefined && !video.endsWith(".webp")) throw new UserError(`--video ${video}: must end in .webp`);
  const film = video === undefined ? undefined : filmOf(environment, actor.policy, { episodes: filmed });
  const { actionSpace } = environment;
  const baselines = Object.entries(definition.baselines ?? {}).map(([name, make]) => ({ name, policy: make(options) }));
  if (!baselines.some(({ name }) => name === "random"))
    baselines.unshift({ name: "random", policy: { act: (_, rng) => randomAction(actionSpace, rng) } });
  const actors: Actor[] = [];
  for (const { name, policy } of [actor, ...(compare ? [...others, ...baselines] : [])]) {
    if (signal?.aborted) break;
    const isFilmed = film && policy === actor.policy;
    const played = await play({
      ...{ environment, definition, episodes, seed, signal },
      ...(isFilmed ? { policy: film.policy, onStart: film.onStart, onStep: film.onStep } : { policy }),
      onEpisode: (done, total) => onProgress?.(name, done, total),
    });
    actors.push({ name, played });
    environment.moment = undefined;
    if (isFilmed) await film.write(video!);
  }
  return actors;
}
