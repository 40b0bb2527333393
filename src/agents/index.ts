import { parseTasks, type Weighted } from "../foundation/combination.ts";
import { UserError } from "../foundation/errors.ts";
import { type OptionsByName, type Registry, registry } from "../foundation/registry.ts";
import type { AgentDefinition, CompanionDefinition, ControlDefinition } from "./agent.ts";

const lines = {
  curl: () => import("./curl.ts"),
  dqn: () => import("./dqn.ts"),
  icm: () => import("./icm.ts"),
  rnd: () => import("./rnd.ts"),
  sale: () => import("./sale.ts"),
  spr: () => import("./spr.ts"),
  td3: () => import("./td3.ts"),
};

/** Options of the built-in agents, by name. */
export type AgentOptions = OptionsByName<typeof lines>;

/** Agents that act, and self-supervision beside the reward: one file each, and one line here. */
export const agents: Registry<AgentDefinition> = registry("agent", lines);

/** An agent that acts, and what learns beside the reward; weights are factors of their losses. */
export interface Named {
  /** As given: `td3+sale`. */
  readonly name: string;
  readonly control: Weighted<ControlDefinition>;
  readonly companions: readonly Weighted<CompanionDefinition>[];
}

/**
 * Finds `td3`, `td3+sale` or `dqn+spr:2`.
 * @param find the registry's `load` for a name from a user, its `stored` for one from a file
 * @throws UserError when a name is unknown, or not exactly one of them acts
 *
 * @example
 * const { control, companions } = await findAgent("td3+sale");
 * console.log(control.definition.summary, companions.length);
 */
export async function findAgent(
  name: string,
  find: (part: string) => Promise<AgentDefinition> = agents.load,
): Promise<Named> {
  const parts = await Promise.all(
    parseTasks(name, "agent").map(async (part) => ({ definition: await find(part.name), weight: part.weight })),
  );
  const controls = parts.flatMap(({ definition, weight }) =>
    definition.role === "control" ? [{ definition, weight }] : [],
  );
  const companions = parts.flatMap(({ definition, weight }) =>
    definition.role === "companion" ? [{ definition, weight }] : [],
  );
  const [control, second] = controls;
  if (!control) {
    const acting = (await agents.all()).flatMap(({ role, name: other }) => (role === "control" ? [other] : []));
    throw new UserError(
      `agent "${name}": ${companions[0]!.definition.name} learns beside an agent that acts: put one before it, as in ${acting[0] ?? "td3"}+${name}`,
    );
  }
  if (second)
    throw new UserError(
      `agent "${name}": ${control.definition.name} and ${second.definition.name} both act; use one of them`,
    );
  return { name, control, companions };
}

export type {
  AgentDefinition,
  Companion,
  CompanionContext,
  CompanionDefinition,
  Control,
  ControlContext,
  ControlDefinition,
  Copies,
  Draws,
  Embeddings,
  Exploration,
  FixedEmbeddings,
  Loss,
  LossContext,
  Offers,
  Recipe,
  Seen,
  Spaces,
  Trunk,
  Windows,
} from "./agent.ts";
export { companion, control } from "./agent.ts";
