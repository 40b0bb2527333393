import type { EnvironmentDefinition, Policy } from "../../../environments/environment.ts";
import { UserError } from "../../../foundation/errors.ts";
import { openRun } from "../../../training/run/run.ts";
import { exploring } from "../acting/explore.ts";
import { plannerOf } from "../acting/planner.ts";

/**
 * Who acts: by the name of a policy of the environment, or a run that learned what plans lead to, whose every tenth action is a
 * random one.
 */
export type Acting = { readonly policy: string } | { readonly run: string };

export const RANDOM = "random";

/** As a recording has it. */
export const actingText = (acting: Acting): string => ("run" in acting ? `run ${acting.run}` : acting.policy);

/** A policy, and how it is let go; undefined for uniformly random actions. */
export interface Opened {
  readonly policy: Policy | undefined;
  close(): Promise<void>;
}

/** @throws UserError when the environment has no such policy, or the run cannot act there */
export async function openPolicy(
  acting: Acting,
  definition: EnvironmentDefinition,
  options: Readonly<Record<string, unknown>>,
): Promise<Opened> {
  if ("run" in acting) {
    const planner = await plannerOf(await openRun(acting.run), definition, options);
    const random = definition.baselines?.[RANDOM]?.(options) ?? randomPlans(definition, options);
    return { policy: exploring(planner, random), close: () => planner.dispose() };
  }
  const { baselines = {} } = definition;
  const make = Object.hasOwn(baselines, acting.policy) ? baselines[acting.policy] : undefined;
  if (!make && acting.policy !== RANDOM)
    throw new UserError(
      `--policy ${acting.policy}: ${definition.name} has no such policy; there are: ${[...new Set([RANDOM, ...Object.keys(baselines)])].join(", ")}`,
    );
  return { policy: make?.(options), close: async () => undefined };
}

/** The first action of a random plan. */
function randomPlans(definition: EnvironmentDefinition, options: Readonly<Record<string, unknown>>): Policy {
  const planning = definition.planning?.(options);
  if (!planning) throw new UserError(`${definition.name}: has no plans to choose from`);
  return {
    act(observation, rng) {
      const plans = planning.plans(observation, rng);
      const plan = plans[rng.integer(0, plans.length - 1)]!;
      return plan.slice(0, plan.length / planning.steps);
    },
  };
}
