import { BrokenSample, messageOf } from "../../../foundation/errors.ts";
import type { Instance } from "./instance.ts";
import type { Task, TaskResult } from "./tasks.ts";

/** What is asked of a molecule. */
export interface Job {
  readonly task: Task;
  /** SMILES or mol block. */
  readonly input: string;
}

/** What comes of a job: a result, or why the molecule is broken. */
export type Outcome = { readonly value: TaskResult } | { readonly broken: string };

/** Whether it is our own mistake, and not RDKit's failure: what one molecule does to it, it does to all that follow. */
const isOurs = (error: unknown): boolean => error instanceof TypeError || error instanceof ReferenceError;

/**
 * Does jobs with one instance, which is thrown away when a molecule has ruined it: from then on it would fail on all others
 * (https://github.com/rdkit/rdkit/issues/9115).
 */
export function outcomes(
  newInstance: () => Promise<Instance>,
  perform: (task: Task, input: string, instance: Instance) => TaskResult,
): (job: Job) => Promise<Outcome> {
  let instance: Instance | undefined;
  return async ({ task, input }) => {
    instance ??= await newInstance();
    try {
      return { value: perform(task, input, instance) };
    } catch (error) {
      if (error instanceof BrokenSample) return { broken: error.message };
      if (isOurs(error)) throw error;
      instance = undefined;
      return { broken: `RDKit fails on this molecule (${messageOf(error)})` };
    }
  };
}
