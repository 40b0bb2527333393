import type * as z from "zod";
import type { Rng } from "../array/rng.ts";
import type { Action, ActionSpace, Observation, ObservationSpace } from "./space.ts";

/** What comes of one action. */
export interface Step {
  readonly observation: Observation;
  readonly reward: number;
  /** The episode is over by its own rules: nothing of value follows. */
  readonly terminated: boolean;
  /** The episode is cut off, by a limit of time: it would have gone on, and what would have followed has a value. */
  readonly truncated: boolean;
  /** Numbers for measures and people, not for the agent: `success`, `collision`, `x`. */
  readonly info: Readonly<Record<string, number>>;
}

/**
 * A world that an agent acts in: Gymnasium's contract (https://gymnasium.farama.org) on typed arrays. What happens depends on
 * the seeds of `reset` and the actions alone. Arrays that it returns are the caller's.
 */
export interface Environment {
  readonly observationSpace: ObservationSpace;
  readonly actionSpace: ActionSpace;
  /** Begins an episode. */
  reset(seed: number): Observation;
  /**
   * One action. After `terminated` or `truncated` the next call is `reset`.
   * @throws UserError for an action that is not of the space, or NaN
   */
  step(action: Action): Step;
  /** All that the rest of the episode depends on; `restore` goes on from there, bit for bit. */
  save(): Float64Array;
  restore(state: Float64Array): void;
  /** What people see of it now: RGB bytes, row-major, `[height, width, 3]`. */
  render?(width: number, height: number): Uint8Array;
  /** Set by who films: called during actions that take long, when `render` shows the moment. */
  moment?: (() => void) | undefined;
  /** Frees what is not collected by itself: the simulator's memory. */
  [Symbol.dispose](): void;
}

/** Chooses an action from what it sees; for baselines, and for agents that are evaluated. */
export interface Policy {
  /** At the start of an episode. */
  reset?(seed: number): void;
  act(observation: Observation, rng: Rng): Action | Promise<Action>;
}

/** How an agent plans that has learned which plans end well, not what to do. */
export interface Planning {
  /** Actions of a plan. */
  readonly steps: number;
  /** Candidates: each all actions of a plan, one after the other. */
  plans(observation: Observation, rng: Rng): readonly Float32Array[];
  /**
   * The plan to begin with, by its index; by default the one that most probably ends well.
   * @param success the probability of each that it ends well
   */
  choose?(observation: Observation, plans: readonly Float32Array[], success: Float32Array): number;
}

export interface EnvironmentDefinition<Options extends z.ZodObject = z.ZodObject> {
  readonly kind: "environment";
  readonly name: string;
  /** One line for `autodidact environments`: what is to be done, and what is rewarded. */
  readonly summary: string;
  /** Where it comes from: paper or project. */
  readonly source: string;
  /** Every one has a default and a `.describe`. */
  readonly options: Options;
  /** Loads simulators on first use. */
  make(options: z.infer<Options>): Promise<Environment>;
  /** Controllers that a person wrote, by name, as baselines: they may look at nothing but the observation. */
  readonly baselines?: Readonly<Record<string, (options: z.infer<Options>) => Policy>>;
  /** The number in `info` at the end of an episode that is 1 for success, where there is such a thing. */
  readonly success?: string;
  /** Of a robot that can be wrong about its own success: the number in `info` that is right, for evaluation alone. */
  readonly truth?: string;
  /** Measures beside success and the return, by name: each of `info` at the end of every episode, at least one. */
  readonly measures?: Readonly<Record<string, (ends: readonly Step["info"][]) => number>>;
  /** Options for evaluation, unless the user gives others: worlds that are never trained in, and what to do in them. */
  readonly evaluation?: Partial<z.infer<Options>>;
  /** Of tasks that an outcome predictor can solve by planning. */
  readonly planning?: (options: z.infer<Options>) => Planning;
}

/**
 * Declares an environment: the call is for type inference.
 *
 * @example
 * export const coin = environment({
 *   name: "coin", summary: "guess a coin", source: "here", options: z.object({}),
 *   make: async () => new Coin(),
 * });
 */
export const environment = <Options extends z.ZodObject>(
  definition: Omit<EnvironmentDefinition<Options>, "kind">,
): EnvironmentDefinition<Options> => ({ kind: "environment", ...definition });
