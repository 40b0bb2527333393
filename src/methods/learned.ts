import type { TreeRecord } from "../array/index.ts";
import { partsOf } from "./combine.ts";
import type { MethodDefinition } from "./method.ts";

type Params<Leaf> = TreeRecord<Leaf> & { readonly encoder: TreeRecord<Leaf> };

/**
 * The parameters that a run is evaluated by: the trained ones, or a teacher's in place of those of the same names.
 * @param params the trained parameters, or their running average
 * @param memory of the same step
 */
export function learnedParams<Leaf>(
  method: MethodDefinition,
  params: Params<Leaf>,
  memory: TreeRecord<Leaf>,
): Params<Leaf> {
  if (method.learned === undefined) return params;
  // The trees are the ones that the method made.
  if (!method.tasks) return { ...params, ...(memory[method.learned] as Params<Leaf>) };
  const task = partsOf(method).find(({ learned }) => learned !== undefined)!;
  const { encoder, ...heads } = (memory[task.name] as TreeRecord<Leaf>)[task.learned!] as Params<Leaf>;
  const tasks = params.tasks as TreeRecord<Leaf>;
  const own = tasks[task.name] as TreeRecord<Leaf>;
  return { ...params, encoder, tasks: { ...tasks, [task.name]: { ...own, ...heads } } };
}
