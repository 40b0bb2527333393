import { join } from "node:path";
import * as z from "zod";
import { type AgentDefinition, agents, findAgent } from "../../agents/index.ts";
import { buildTeam, type Team, teamOptions } from "../../agents/team.ts";
import type { Environment, Policy } from "../../environments/environment.ts";
import { environments } from "../../environments/index.ts";
import * as bounds from "../../foundation/bounds.ts";
import { parseTasks } from "../../foundation/combination.ts";
import { UserError } from "../../foundation/errors.ts";
import { closest } from "../../foundation/options.ts";
import { absolutePath, isPath } from "../../foundation/user-file.ts";
import { readConfigFile } from "../run/run.ts";

/** How an agent learns. Where a default is missing, the agent's recipe decides. */
export const LearningOptions = z.object({
  steps: z.int().positive().max(1_000_000_000).default(50_000).describe("steps in the environment"),
  seed: z.int().nonnegative().default(0).describe("the first seed; runs are bit-identical on the same machine"),
  seeds: z.int().positive().max(1000).default(1).describe("how many seeds, one after the other, each from scratch"),
  warmupSteps: z.int().nonnegative().optional().describe("steps of random actions before the first update"),
  learningRate: z.number().positive().optional().describe("learning rate of Adam"),
  batchSize: bounds.count().optional().describe("stretches of experience in an update"),
  updateEvery: z.int().positive().max(1_000_000).optional().describe("steps in the environment for one update"),
  capacity: z.int().min(100).max(100_000_000).default(1_000_000).describe("observations that are remembered"),
  evaluateEvery: z.int().positive().default(5000).describe("steps between two evaluations, without exploration"),
  episodes: z.int().positive().max(10_000).default(10).describe("episodes of an evaluation"),
  checkpointEvery: z.int().positive().default(5000).describe("steps between two checkpoints"),
  logEvery: z.int().positive().default(1000).describe("steps between two rows of metrics.jsonl"),
  threads: z
    .int()
    .positive()
    .max(1024)
    .default(1)
    .describe("threads within an operator: small networks gain little from more"),
});
const Settled = LearningOptions.required();
export type Learning = z.infer<typeof Settled>;

const Chosen = z.object({ name: z.string().min(1), options: z.record(z.string(), z.unknown()) });

/** What `config.json` of an agent's run says; a run has a folder for each seed, `seed-0`, with the same file. */
export const AgentConfig = z.object({
  version: z.literal(1),
  environment: Chosen,
  agent: Chosen,
  learning: Settled,
});
export type AgentConfig = z.infer<typeof AgentConfig>;

/** The folder of a seed. */
export const seedFolder = (run: string, seed: number): string => join(run, `seed-${seed}`);

/** What a user chooses for an agent. */
export interface AgentChoices {
  /** A name from `autodidact environments`, or a file that defines one. */
  readonly environment: string;
  /** `td3`, `td3+sale`, `dqn+spr:2` */
  readonly method: string;
  readonly environmentOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Of the agent and its companions. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  readonly learning?: Readonly<Partial<z.input<typeof LearningOptions>>> | undefined;
}

/** Parses options by a schema. @throws UserError naming what they are of, and an option that it does not have */
function parsed<Schema extends z.ZodObject>(
  schema: Schema,
  options: Readonly<Record<string, unknown>>,
  of: string,
): z.infer<Schema> {
  const names = Object.keys(schema.shape);
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const meant = closest(unknown, names);
    throw new UserError(
      `${of}: no option ${unknown}${meant ? ` (did you mean ${meant}?)` : ""}; there are: ${names.join(", ") || "none"}`,
    );
  }
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UserError(`${of}: ${issue?.path.join(".")}: ${issue?.message}`);
}

/** The options of an agent and its companions as one schema. */
export const agentOptions = (named: Awaited<ReturnType<typeof findAgent>>): z.ZodObject =>
  z.object(
    Object.fromEntries(
      [...teamOptions(named)].map(([name, { task, key }]) => [name, task.definition.options.shape[key]!]),
    ),
  );

/**
 * The whole configuration of a new run.
 * @throws UserError for an unknown name, and for an option that is unknown or not allowed
 */
export async function settleAgent(choices: AgentChoices): Promise<AgentConfig> {
  const world = await environments.load(choices.environment);
  const named = await findAgent(choices.method);
  const given = Object.fromEntries(Object.entries(choices.learning ?? {}).filter(([, value]) => value !== undefined));
  const learning = parsed(LearningOptions, given, "learning");
  const { recipe } = named.control.definition;
  // Parsed, so that the keys have the order that they have when they are read again.
  return AgentConfig.parse({
    version: 1,
    environment: {
      name: absolute(choices.environment),
      options: parsed(world.options, choices.environmentOptions ?? {}, `environment ${world.name}`),
    },
    agent: {
      name: absoluteParts(choices.method),
      options: parsed(agentOptions(named), choices.options ?? {}, `agent ${named.name}`),
    },
    learning: {
      ...learning,
      warmupSteps: learning.warmupSteps ?? recipe.warmupSteps ?? 1000,
      learningRate: learning.learningRate ?? recipe.learningRate ?? 3e-4,
      batchSize: learning.batchSize ?? recipe.batchSize ?? 256,
      updateEvery: learning.updateEvery ?? recipe.updateEvery ?? 1,
    },
  });
}

/** The same name must find the same file from any folder. */
const absolute = (name: string): string => (isPath(name) ? absolutePath(name) : name);

const absoluteParts = (method: string): string =>
  parseTasks(method, "agent")
    .map(({ name, weight }) => `${absolute(name)}${weight === 1 ? "" : `:${weight}`}`)
    .join("+");

/** The configuration of an agent's run, or undefined if the folder is none. @throws UserError for one that is damaged */
export async function readAgentConfig(run: string): Promise<AgentConfig | undefined> {
  const json = await readConfigFile(run);
  if (typeof json !== "object" || json === null || !("agent" in json)) return undefined;
  const result = AgentConfig.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UserError(`${join(run, "config.json")}: ${issue?.path.join(".") || "its content"}: ${issue?.message}`);
}

/** An agent and its environment, built. */
export interface AgentParts {
  readonly team: Team;
  readonly spaces: Pick<Environment, "observationSpace" | "actionSpace">;
  /** The number in `info` that is 1 for success, where there is such a thing. */
  readonly success?: string;
  /** Controllers that a person wrote. */
  readonly baselines: readonly { readonly name: string; make(): Policy }[];
  make(): Promise<Environment>;
}

/**
 * @param how whether the names are from a file, so that code in files must be trusted; whether the agent is evaluated, in worlds
 *   that are never learned in, where the environment has such
 * @throws UserError for an unknown name, and when the agent does not fit the environment
 */
export async function agentParts(
  { environment, agent }: AgentConfig,
  { isStored = false, isEvaluated = false }: { readonly isStored?: boolean; readonly isEvaluated?: boolean } = {},
): Promise<AgentParts> {
  const find: (name: string) => Promise<AgentDefinition> = isStored ? agents.stored : agents.load;
  const named = await findAgent(agent.name, find);
  const world = await (isStored ? environments.stored : environments.load)(environment.name);
  const defaults = world.options.parse({});
  const evaluation = Object.entries(isEvaluated ? (world.evaluation ?? {}) : {});
  const unchosen = evaluation.filter(([name]) => isSame(environment.options[name], defaults[name]));
  const worldOptions = parsed(
    world.options,
    { ...environment.options, ...Object.fromEntries(unchosen) },
    `environment ${world.name}`,
  );
  using first = await world.make(worldOptions);
  const { observationSpace, actionSpace } = first;
  const success = world.truth ?? world.success;
  const spaces = { observation: observationSpace, action: actionSpace };
  return {
    team: buildTeam(named, spaces, parsed(agentOptions(named), agent.options, `agent ${named.name}`)),
    spaces: { observationSpace, actionSpace },
    ...(success === undefined ? {} : { success }),
    baselines: Object.entries(world.baselines ?? {}).map(([name, make]) => ({ name, make: () => make(worldOptions) })),
    make: () => world.make(worldOptions),
  };
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
