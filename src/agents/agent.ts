import type * as z from "zod";
import type { Array, Rng, Tensor, Traced, TreeRecord } from "../array/index.ts";
import type { Action, ActionSpace, ObservationSpace } from "../environments/space.ts";

/** Parameters or memory on the host: a tree of tensors. */
export type Host = TreeRecord<Tensor>;
/** The same tree while traced. */
export type Arrays = TreeRecord<Array>;
/** Observations by name, `[batch, …shape]`. */
export type Seen = Readonly<Record<string, Array>>;

/**
 * A batch of stretches of experience, each of `length` steps within one episode. What comes after an episode's end repeats the
 * last observation, and the rest of it is 0. An episode that a limit of time cut off has an end that is not `terminated`: what
 * would have followed has a value.
 */
export interface Windows {
  /** By name, `[batch, length + 1, …shape]`: before each step, and after the last. */
  readonly observation: Seen;
  /** `[batch, length, size]`: −1 … 1 from bound to bound; of a discrete space `[batch, length, 1]`, the choice as a number. */
  readonly action: Array;
  /** `[batch, length]` */
  readonly reward: Array;
  /** 1 where the step ended the episode by its own rules, `[batch, length]`. */
  readonly terminated: Array;
  /** 0 after the episode's end, `[batch, length]`; the first step is always 1. */
  readonly valid: Array;
  /** What a companion paid for the step when it was fresh, in deviations of its running sum, `[batch, length]`; 0 without one. */
  readonly bonus: Array;
  /**
   * For values that do not end with the episode, by name, `[batch, …shape]`: the next episode's first observation if the episode
   * ended within the control agent's `length`, else the observation after that.
   */
  readonly onward: Seen;
}

/** Random numbers that a part asks for, for each window of a batch; they depend on the seed and the update alone. */
export interface Draws {
  /** Standard normal deviates. */
  readonly normals?: number;
  /** Uniform in [0, 1). */
  readonly uniforms?: number;
}

/** What a loss is computed with besides the parameters, the windows and its own memory. */
export interface LossContext {
  /** The random numbers that the part asked for. @throws Error if it asked for none */
  normals(): Array;
  uniforms(): Array;
  /** Share of the environment's steps that are done, float32 scalar in [0, 1]. */
  readonly progress: Array;
}

export interface Loss {
  /** Scalar. */
  readonly loss: Array;
  /** Scalars to log. */
  readonly metrics?: Readonly<Record<string, Array>>;
  /** The branches of the memory that have changed. */
  readonly memory?: Arrays;
}

/** Copies that are made once in so many updates, between two of them: target networks. */
export interface Copies<Params, Memory> {
  readonly every: number;
  /** The branches of the memory that change. */
  copy(params: Params, memory: Memory): Arrays;
}

/** Embeddings of one of a companion's fixed networks, to be read beside the observation; their parameters are not trained by it. */
export interface Embeddings {
  /** `[batch, width]` */
  state(observation: Seen): Array;
  /** Of a state's embedding and an action, `[batch, width]`; what it is read by may be differentiated by the action. */
  pair(state: Array, action: Array): Array;
}

/** A companion's networks that stay fixed for some updates: those that the agent reads, and those that its targets read. */
export interface FixedEmbeddings {
  readonly now: Embeddings;
  readonly target: Embeddings;
}

/** What companions offer to the control agent. */
export interface Offers {
  /** Width of embeddings for its critic and actor to read, and how many updates they stay fixed: it copies its targets then, too. */
  readonly features?: { readonly width: number; readonly every: number };
  /** Whether there is a bonus: then there is a second value, of the bonus, which does not end with the episode. */
  readonly hasBonus?: boolean;
  /** Whether it is known how new a choice is before it is made. */
  readonly hasNovelty?: boolean;
}

/** What an agent is built for. */
export interface Spaces {
  readonly observation: ObservationSpace;
  readonly action: ActionSpace;
}

export interface ControlContext extends LossContext {
  /** Whether this program trains the delayed branch too. Known while tracing: there is a program for either. */
  readonly trainsDelayed: boolean;
  /** There if `Offers.features` are. */
  readonly features?: FixedEmbeddings;
  /** There if `Offers.hasNovelty` is: how new each choice is, `[batch, choices]`, in the bonus's units; no gradient flows. */
  novelty?(observation: Seen): Array;
}

/** How an action is explored. */
export interface Exploration {
  /** Of this step alone. */
  readonly rng: Rng;
  /** Steps of the environment done, and to be done. */
  readonly step: number;
  readonly steps: number;
}

/**
 * An agent that acts, built for an environment's spaces. All but `choose` is traced and compiled. Write the members in this
 * order: TypeScript infers later ones from earlier ones.
 */
export interface Control<Initial extends Host = Host, Memory extends Host = Host> extends Draws {
  /** Steps of a window that it learns from. */
  readonly length: number;
  init(rng: Rng): Initial;
  /** Target networks and what else is kept between updates and not trained. */
  initMemory?(rng: Rng, params: Initial): Memory;
  /** A branch of the parameters that is trained in every so-many-th update only: the actor. */
  readonly delayed?: { readonly branch: string; readonly every: number };
  /** Whether windows are drawn in proportion to the priority that `loss` returns; new ones have the largest so far. */
  readonly hasPriorities?: boolean;
  /**
   * The losses of critic and actor as one sum: each sees the other's parameters through `lax.stopGradient`.
   * @returns with `hasPriorities` the windows' `priority`, `[batch]`
   */
  loss(
    params: Traced<Initial>,
    windows: Windows,
    memory: Traced<Memory>,
    context: ControlContext,
  ): Loss & { readonly priority?: Array };
  /** After the optimiser's step: moving averages. Returns the branches of the memory that change. */
  afterStep?(params: Traced<Initial>, memory: Traced<Memory>, context: Pick<ControlContext, "trainsDelayed">): Arrays;
  readonly copies?: Copies<Traced<Initial>, Traced<Memory>>;
  /** What `choose` decides by: the action itself, or a value for each choice, `[batch, outputs]`. */
  act(
    params: Traced<Initial>,
    memory: Traced<Memory>,
    observation: Seen,
    offered?: Pick<ControlContext, "features" | "novelty">,
  ): Array;
  /** The action, in the units of `Windows.action`. @param exploration undefined in evaluation: the best action */
  choose(outputs: Float32Array, exploration?: Exploration): Action;
  /** The trunk that companions may train, `[batch, width]`; an agent may have none. */
  encode?(params: Traced<Initial>, observation: Seen): Array;
  readonly width?: number;
}

/** What a companion reads of the agent that it accompanies. */
export interface CompanionContext extends LossContext {
  /** The control agent's parameters; gradients flow into them. */
  readonly control: Arrays;
  /** The control agent's trunk, `[batch, width]`. @param params its parameters, `control` by default */
  encode(observation: Seen, params?: Arrays): Array;
}

/** What a companion is built with besides the spaces. */
export interface Trunk {
  /** Width of what `encode` returns. @throws UserError when the agent has no trunk */
  readonly width: number;
}

/** Self-supervision beside the reward, built for an environment's spaces. All of it is traced and compiled. */
export interface Companion<Initial extends Host = Host, Memory extends Host = Host> extends Draws {
  /** Steps of a window that it learns from. */
  readonly length: number;
  init(rng: Rng): Initial;
  /** @param control the control agent's initial parameters, for a moving average of its trunk */
  initMemory?(rng: Rng, params: Initial, control: Host): Memory;
  loss(params: Traced<Initial>, windows: Windows, memory: Traced<Memory>, context: CompanionContext): Loss;
  /** After the optimiser's step: moving averages. Returns the branches of the memory that change. */
  afterStep?(params: Traced<Initial>, memory: Traced<Memory>, control: Arrays): Arrays;
  readonly copies?: Copies<Traced<Initial>, Traced<Memory>>;
  /** The embeddings that the definition offers, for the control agent's critic and actor to read. */
  features?(memory: Traced<Memory>): FixedEmbeddings;
  /**
   * The bonus that the definition offers: what a step is worth for its novelty, `[batch]`, at least 0. The loop asks once for each step, when it is fresh, and divides
   * by the deviation of the running discounted sum.
   * @param windows of one step
   * @returns also the branches of the memory that change: running statistics of observations
   */
  bonus?(
    params: Traced<Initial>,
    memory: Traced<Memory>,
    windows: Windows,
    context: Pick<CompanionContext, "control" | "encode">,
  ): { readonly bonus: Array; readonly memory?: Arrays };
  /**
   * The novelty that the definition offers: the bonus that each choice would be paid, were it made now, `[batch, choices]`, in
   * deviations as the loop's.
   */
  novelty?(params: Traced<Initial>, memory: Traced<Memory>, observation: Seen): Array;
}

/** How an agent is trained by default: the paper's recipe. */
export interface Recipe {
  readonly learningRate?: number;
  readonly batchSize?: number;
  /** Steps with random actions before the first update. */
  readonly warmupSteps?: number;
  /** Steps of the environment for one update. */
  readonly updateEvery?: number;
}

interface Definition<Options extends z.ZodObject> {
  readonly kind: "agent";
  readonly name: string;
  readonly paper: string;
  /** One line for help. */
  readonly summary: string;
  /** Every one has a default and a `.describe`. */
  readonly options: Options;
}

export interface ControlDefinition<Options extends z.ZodObject = z.ZodObject> extends Definition<Options> {
  readonly role: "control";
  readonly recipe: Recipe;
  /** @throws UserError when it cannot act in this space */
  build(context: Spaces & { readonly options: z.infer<Options>; readonly offers: Offers }): Control;
}

export interface CompanionDefinition<Options extends z.ZodObject = z.ZodObject> extends Definition<Options> {
  readonly role: "companion";
  /** What it offers to the control agent: nothing by default. */
  offers?(options: z.infer<Options>): Offers;
  /** @throws UserError when it does not fit these spaces */
  build(context: Spaces & { readonly options: z.infer<Options>; readonly trunk: Trunk }): Companion;
}

export type AgentDefinition = ControlDefinition | CompanionDefinition;

/**
 * Declares an agent that acts: the call is for type inference.
 *
 * @example
 * export const mine = control({ name: "mine", paper: "…", summary: "…", options: z.object({}), recipe: {}, build: () => ({ … }) });
 */
export const control = <Options extends z.ZodObject, Initial extends Host, Memory extends Host = Host>(
  definition: Omit<ControlDefinition<Options>, "kind" | "role" | "build"> & {
    build(context: Spaces & { readonly options: z.infer<Options>; readonly offers: Offers }): Control<Initial, Memory>;
  },
): ControlDefinition<Options> =>
  // The trainer passes an agent only trees that the same agent made, so their exact types may be forgotten.
  ({ kind: "agent", role: "control", ...definition }) as unknown as ControlDefinition<Options>;

/** Declares self-supervision beside the reward: the call is for type inference. */
export const companion = <Options extends z.ZodObject, Initial extends Host, Memory extends Host = Host>(
  definition: Omit<CompanionDefinition<Options>, "kind" | "role" | "build"> & {
    build(context: Spaces & { readonly options: z.infer<Options>; readonly trunk: Trunk }): Companion<Initial, Memory>;
  },
): CompanionDefinition<Options> =>
  ({ kind: "agent", role: "companion", ...definition }) as unknown as CompanionDefinition<Options>;
