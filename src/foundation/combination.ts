import type * as z from "zod";
import { UserError } from "./errors.ts";

/** One of several things that learn at once. */
export interface Weighted<Definition> {
  readonly definition: Definition;
  /** Factor of its loss in the sum. */
  readonly weight: number;
}

/**
 * Parses `rotation+simclr:0.5`.
 * @param kind for messages: `method`, `agent`
 * @throws UserError for a missing name, a weight not above 0, or a repeated name
 */
export function parseTasks(text: string, kind = "method"): { name: string; weight: number }[] {
  const tasks = text.split("+").map((part) => {
    const [, name = part, factor] = /^(.*):([^:/\\]*)$/.exec(part) ?? [];
    if (name.trim() === "") throw new UserError(`${kind} "${text}": a name is missing next to a +`);
    const weight = factor === undefined ? 1 : Number(factor);
    if (!(weight > 0 && Number.isFinite(weight)) || factor?.trim() === "")
      throw new UserError(
        `${kind} "${text}": the weight of ${name} must be a number above 0, not ${factor || "nothing"}`,
      );
    return { name, weight };
  });
  const repeated = tasks.find(({ name }, index) => tasks.findIndex((task) => task.name === name) < index);
  if (repeated) throw new UserError(`${kind} "${text}": ${repeated.name} is named twice; give it a weight instead`);
  return tasks;
}

/** What each of the combination's options belongs to. An option that several have is prefixed with the name of its own. */
export function optionOwners<Task extends Weighted<{ readonly name: string; readonly options: z.ZodObject }>>(
  tasks: readonly Task[],
): Map<string, { task: Task; key: string }> {
  const count = (key: string) => tasks.filter(({ definition }) => key in definition.options.shape).length;
  return new Map(
    tasks.flatMap((task) =>
      Object.keys(task.definition.options.shape).map((key): [string, { task: Task; key: string }] => [
        count(key) > 1 ? prefixed(task.definition.name, key) : key,
        { task, key },
      ]),
    ),
  );
}

/** `simclr`, `temperature` → `simclrTemperature`. */
const prefixed = (name: string, key: string) =>
  `${name.replaceAll(/[^a-zA-Z0-9]+(.)?/g, (_, letter = "") => letter.toUpperCase())}${key[0]!.toUpperCase()}${key.slice(1)}`;
