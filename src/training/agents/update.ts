import type { Arrays, Windows } from "../../agents/agent.ts";
import type { Drawn, Team } from "../../agents/team.ts";
import { type Array, np, type Tree, tree } from "../../array/index.ts";
import { valueAndGrad } from "../../engine/index.ts";
import { adamw } from "../optimizers/adamw.ts";
import { type AgentState, merged } from "./state.ts";
import { joined, split, type Vector } from "./vectors.ts";

/** Numbers that are fed to an update. */
export interface UpdateNumbers<Of> {
  /** Updates of what is trained always and of what is delayed, this one counted: Adam's steps. */
  readonly steps: { readonly always: Of; readonly delayed: Of };
  readonly progress: Of;
}

/** Parameters by path, and as the tree that the agent's parts know. */
export function unjoined(
  vectors: readonly Vector[],
  structure: Tree<null>,
  params: Readonly<Record<string, Array>>,
): { readonly leaves: Readonly<Record<string, Array>>; readonly whole: Arrays } {
  const leaves = Object.fromEntries(vectors.flatMap((vector) => split(vector, params[vector.name]!)));
  return { leaves, whole: tree.map<null, Array>(structure, (_, path) => leaves[path]!) as Arrays };
}

/**
 * One update as a pure function, to be compiled: the loss of all parts, its gradients, Adam, what follows it.
 * @param structure of the parameters
 * @param trainsDelayed whether the delayed parameters are trained, too
 */
export function updateOf(
  team: Team,
  vectors: readonly Vector[],
  structure: Tree<null>,
  learningRate: number,
  trainsDelayed: boolean,
) {
  const optimizer = adamw();
  const trained = vectors.filter(({ isDelayed }) => !isDelayed || trainsDelayed);
  /** Names of the metrics in the order of the vector that the update returns; known once it has been traced. */
  const names: string[] = [];
  const update = (state: AgentState<Array>, windows: Windows, drawn: Drawn, numbers: UpdateNumbers<Array>) => {
    const { leaves } = unjoined(vectors, structure, state.params);
    const learned = Object.fromEntries(
      trained.flatMap((vector) => vector.leaves.map(({ path }) => [path, leaves[path]!] as const)),
    );
    const { loss, aux, gradients } = valueAndGrad((params: Readonly<Record<string, Array>>) => {
      const whole = tree.map<null, Array>(structure, (_, path) => params[path] ?? leaves[path]!) as Arrays;
      const context = { drawn, progress: numbers.progress, trainsDelayed };
      const result = team.loss(whole, windows, state.memory as Arrays, context);
      const { metrics = {}, memory: changed = {}, priority } = result;
      // A list of one or none: a tree has no missing leaves.
      return { loss: result.loss, aux: { metrics, changed, priority: priority ? [priority] : [] } };
    }, learned);

    const params: Record<string, Array> = {};
    const first: Record<string, Array> = {};
    const second: Record<string, Array> = {};
    for (const vector of trained) {
      const { name, isDelayed } = vector;
      const slots = { first: state.first[name]!, second: state.second[name]! };
      const updated = optimizer.update(state.params[name]!, joined(vector, gradients), slots, {
        ...{ learningRate: np.array(learningRate), isWeight: true },
        step: isDelayed ? numbers.steps.delayed : numbers.steps.always,
      });
      [params[name], first[name], second[name]] = [updated.param, updated.memory.first!, updated.memory.second!];
    }
    const after = merged(state.memory as Arrays, aux.changed);
    const last = team.afterStep(
      unjoined(vectors, structure, { ...state.params, ...params }).whole,
      after,
      trainsDelayed,
    );
    const parts = new Set([...Object.keys(aux.changed), ...Object.keys(last)]);
    const changed = Object.fromEntries(
      [...parts].map((part) => [part, { ...(aux.changed[part] as Arrays), ...(last[part] as Arrays) }]),
    );
    names.splice(0, names.length, "loss", ...Object.keys(aux.metrics));
    // One array, which costs one reading.
    const metrics = np.stack([loss, ...Object.values(aux.metrics)]);
    return { params, first, second, changed, metrics, priority: aux.priority };
  };
  return { update, names };
}
