import type { Tensor, Traced } from "../../../array/index.ts";
import type { Rng } from "../../../array/rng.ts";
import { offerOf } from "../../../data/ability.ts";
import type { TensorRecord } from "../../../data/modality.ts";
import type { Inputs } from "../../../encoders/encoder.ts";
import { compile } from "../../../engine/index.ts";
import type { EnvironmentDefinition, Planning, Policy } from "../../../environments/environment.ts";
import type { Action, Observation } from "../../../environments/space.ts";
import { UserError } from "../../../foundation/errors.ts";
import type { MethodParams } from "../../../methods/method.ts";
import { refuseInfinite, stack } from "../../../training/features.ts";
import { methodOf, type Run } from "../../../training/run/run.ts";
import { outcome } from "../abilities.ts";

/** Plans that were compared, and the probability of each that it ends well. */
export interface Thought {
  readonly plans: readonly Float32Array[];
  readonly success: Float32Array;
  /** Index of the one that was begun. */
  readonly chosen: number;
}

/** Acts by the plan that will most probably end well. */
export interface Planner extends Policy {
  act(observation: Observation, rng: Rng): Promise<Action>;
  think(observation: Observation, rng: Rng): Promise<Thought>;
  /** The first action of the plan that was chosen. */
  begin(thought: Thought): Action;
  /** The probability of success of any plans, in their order. */
  judge(observation: Observation, plans: readonly Float32Array[]): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Plans that are judged in one run of the program. */
const BATCH = 150;

/** The plan that most probably ends well. */
const likeliest: NonNullable<Planning["choose"]> = (_observation, _plans, success) =>
  success.reduce((best, one, at) => (one > success[best]! ? at : best), 0);

/**
 * Compiles a run that learned which plans end well into a policy for an environment.
 * @param options the environment's, settled
 * @throws UserError when the run predicts no outcomes, or the environment has no candidates for plans
 *
 * @example
 * const definition = await environments.load("grasp");
 * const planner = await plannerOf(await openRun("runs/grasp"), definition, definition.options.parse({}));
 * const action = await planner.act(observation, rng);
 * await planner.dispose();
 */
export async function plannerOf(
  run: Run,
  definition: EnvironmentDefinition,
  options: Readonly<Record<string, unknown>>,
): Promise<Planner> {
  const { method, modality } = await methodOf(run);
  const outcomes = offerOf(modality, outcome);
  const succeeds = method.succeeds?.bind(method);
  if (!outcomes || !succeeds)
    throw new UserError(
      `${run.path}: a run of ${run.methodDefinition.name}, which does not predict what plans lead to; methods that do: grasp-outcome, collision`,
    );
  const planning = definition.planning?.(options);
  if (!planning)
    throw new UserError(`${definition.name}: has no plans to choose from; act with an agent that learned there`);
  const { choose = likeliest } = planning;
  if (planning.steps !== outcomes.steps)
    throw new UserError(
      `${run.path}: predicts plans of ${outcomes.steps} ${outcomes.steps === 1 ? "action" : "actions"}, and those of ${definition.name} have ${planning.steps}; train with --horizon ${planning.steps}`,
    );
  const apply = (weights: Traced<MethodParams>, batch: { inputs: Inputs; plans: Traced<Tensor> }) => ({
    logits: succeeds(weights, batch.inputs, batch.plans),
  });
  const seen = outcomes.perPlan ? BATCH : 1;
  const inputs = Object.fromEntries(
    Object.entries(modality.specs).map(([name, { dtype, shape }]) => [name, { dtype, shape: [seen, ...shape] }]),
  );
  const plans = { dtype: "float32", shape: [BATCH, outcomes.planSize] } as const;
  const program = await compile(apply, [run.methodParams, { inputs, plans }], {
    ...{ device: run.config.training.device, threads: 1, name: "planner" },
  });

  const judge: Planner["judge"] = async (observation, candidates) => {
    const success = new Float32Array(candidates.length);
    for (let start = 0; start < candidates.length; start += BATCH) {
      const part = candidates.slice(start, start + BATCH);
      const rows = part.slice(0, seen).map((plan): TensorRecord => outcomes.inputs(observation, plan));
      const taken = part.map((plan): TensorRecord => ({ plan: outcomes.plan(plan) }));
      const given = { inputs: stack(rows, seen), plans: stack(taken, BATCH).plan! };
      const { logits } = await program.run(run.methodParams, given);
      const { data } = await logits.read();
      logits.dispose();
      part.forEach((_, at) => {
        success[start + at] = 1 / (1 + Math.exp(-data[at]!));
      });
    }
    refuseInfinite(success, "the predicted success");
    return success;
  };
  const think: Planner["think"] = async (observation, rng) => {
    const candidates = planning.plans(observation, rng);
    const success = await judge(observation, candidates);
    return { plans: candidates, success, chosen: choose(observation, candidates, success) };
  };
  const begin: Planner["begin"] = ({ plans: candidates, chosen }) => {
    const plan = candidates[chosen]!;
    return plan.slice(0, plan.length / planning.steps);
  };
  return {
    think,
    judge,
    begin,
    act: async (observation, rng) => begin(await think(observation, rng)),
    dispose: () => program.dispose(),
  };
}
