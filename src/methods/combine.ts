import * as z from "zod";
import { type Array, np, type Rng, type Traced, type Tree, type TreeRecord } from "../array/index.ts";
import type { InitialParams } from "../encoders/encoder.ts";
import { UserError } from "../foundation/errors.ts";
import type { EpochContext, Method, MethodDefinition, MethodParams, Preset, Schedule } from "./method.ts";

/** One of several tasks that an encoder learns at once. */
export interface Task {
  readonly definition: MethodDefinition;
  /** Factor of its loss in the sum. */
  readonly weight: number;
}

/** Parses `rotation+simclr:0.5`. @throws UserError for a missing name, a weight not above 0, or a repeated name */
export function parseTasks(text: string): { name: string; weight: number }[] {
  const tasks = text.split("+").map((part) => {
    const [, name = part, factor] = /^(.*):([^:/\\]*)$/.exec(part) ?? [];
    if (name.trim() === "") throw new UserError(`method "${text}": a name is missing next to a +`);
    const weight = factor === undefined ? 1 : Number(factor);
    if (!(weight > 0 && Number.isFinite(weight)) || factor?.trim() === "")
      throw new UserError(
        `method "${text}": the weight of ${name} must be a number above 0, not ${factor || "nothing"}`,
      );
    return { name, weight };
  });
  const repeated = tasks.find(({ name }, index) => tasks.findIndex((task) => task.name === name) < index);
  if (repeated) throw new UserError(`method "${text}": ${repeated.name} is named twice; give it a weight instead`);
  return tasks;
}

/** The method of each of the combination's options. An option that several methods have is prefixed with the method's name. */
export function optionOwners(tasks: readonly Task[]): Map<string, { task: Task; key: string }> {
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

/**
 * One encoder trained on several tasks at once, with a head each: the loss is the weighted sum of the methods' losses
 * (Doersch & Zisserman 2017, https://arxiv.org/abs/1708.07860). Parameters are `{ encoder, tasks: { rotation, simclr } }`;
 * views, memory and metrics are kept per task, by name. Recipe, preset and augmentation are the first method's.
 * @param name by which the methods registry finds the combination again
 */
export function combine(name: string, tasks: readonly Task[]): MethodDefinition {
  const [first] = tasks;
  if (!first) throw new Error("no methods to combine");
  const titles = tasks.map(({ definition }) => definition.name);
  const owners = optionOwners(tasks);
  const defaultEncoder = tasks.find(({ definition }) => definition.defaultEncoder)?.definition.defaultEncoder;
  return {
    kind: "method",
    name,
    family: first.definition.family,
    paper: "https://arxiv.org/abs/1708.07860",
    summary: `${titles.join(" and ")} at once, a head each`,
    needs: [...new Set(tasks.flatMap(({ definition }) => definition.needs))],
    options: z.object(
      Object.fromEntries([...owners].map(([option, { task, key }]) => [option, task.definition.options.shape[key]!])),
    ),
    recipe: first.definition.recipe,
    ...(first.definition.presets ? { presets: presetsOf(tasks, owners) } : {}),
    ...(defaultEncoder ? { defaultEncoder } : {}),
    ...(first.definition.modalityOptions ? { modalityOptions: first.definition.modalityOptions } : {}),
    tasks,
    build(context) {
      const parts = tasks.map((task) => {
        const owned = [...owners].filter(([, owner]) => owner.task === task);
        const options = Object.fromEntries(owned.map(([option, { key }]) => [key, context.options[option]]));
        return { ...task, title: task.definition.name, method: task.definition.build({ ...context, options }) };
      });
      return sumOf(parts);
    },
  };
}

interface Part {
  readonly title: string;
  readonly weight: number;
  readonly method: Method;
}

function sumOf(parts: readonly Part[]): Method {
  /** The results by task, without tasks that have none. */
  const ofEach = <Result>(make: (part: Part) => Result | undefined): Record<string, Result> =>
    Object.fromEntries(
      parts.flatMap((part): [string, Result][] => {
        const result = make(part);
        return result === undefined ? [] : [[part.title, result]];
      }),
    );
  const has = (member: keyof Method) => parts.some(({ method }) => method[member]);
  const some = <Members>(condition: boolean, members: Members) => (condition ? members : {});

  return {
    views: (sample, rng, entry) => ofEach(({ title, method }) => method.views(sample, rng.split(title), entry)),
    init(rng) {
      const made = parts.map(({ title, method }) => ({ title, ...method.init(rng.split(title)) }));
      const tasks = made.map(({ title, encoder: _, ...heads }): [string, InitialParams] => [title, heads]);
      return { encoder: made[0]!.encoder, tasks: Object.fromEntries(tasks) };
    },
    ...some(has("initMemory"), {
      initMemory: (rng: Rng, params: MethodParams) =>
        ofEach(({ title, method }) => method.initMemory?.(rng.split(title), paramsOf(params, title))),
    }),
    loss(params, batch, memory, schedule) {
      const results = ofEach(({ title, method }) =>
        method.loss(paramsOf(params, title), inside(batch, title), inside(memory, title), schedule),
      );
      const losses = parts.map(({ title, weight }) => np.multiply(results[title]!.loss, weight));
      return {
        loss: losses.reduce((sum, loss) => np.add(sum, loss)),
        metrics: named(ofEach(({ title }) => ({ loss: results[title]!.loss, ...results[title]!.metrics }))),
        memory: { ...memory, ...ofEach(({ title }) => results[title]!.memory) },
      };
    },
    ...some(has("afterStep"), {
      afterStep: (params: Traced<MethodParams>, memory: TreeRecord<Array>, schedule: Schedule) => ({
        ...memory,
        ...ofEach(({ title, method }) => method.afterStep?.(paramsOf(params, title), inside(memory, title), schedule)),
      }),
    }),
    ...some(has("look"), {
      look: (params: Traced<MethodParams>, batch: TreeRecord<Array>, memory: TreeRecord<Array>, schedule: Schedule) =>
        named(
          ofEach(({ title, method }) =>
            method.look?.(paramsOf(params, title), inside(batch, title), inside(memory, title), schedule),
          ),
        ),
    }),
    ...predictions(parts.find(({ method }) => method.answers)),
    ...some(has("beforeEpoch"), {
      async beforeEpoch(context: EpochContext<MethodParams, InitialParams>) {
        let { params, memory } = context;
        for (const { title, method } of parts) {
          if (!method.beforeEpoch) continue;
          const task = {
            params: paramsOf(params, title),
            memory: inside(memory, title),
            rng: context.rng.split(title),
          };
          const changed = await method.beforeEpoch({ ...context, ...task });
          const { encoder, ...heads } = changed.params;
          params = { encoder, tasks: { ...inside(params, "tasks"), [title]: heads } };
          memory = { ...memory, [title]: changed.memory };
        }
        return { params, memory };
      },
    }),
  };
}

/** The predictions of the task that learns from labels. */
function predictions(part: Part | undefined): Pick<Method, "answers" | "predict" | "linearHead"> {
  if (!part) return {};
  const { answers, predict, linearHead } = part.method;
  return {
    answers,
    ...(predict ? { predict: (params, inputs) => predict(paramsOf(params, part.title), inputs) } : {}),
    ...(linearHead ? { linearHead: (params) => linearHead(paramsOf(params, part.title)) } : {}),
  };
}

/** The branch of that name; empty for a task without memory. */
function inside<Leaf>(record: TreeRecord<Leaf>, key: string): TreeRecord<Leaf> {
  const branch = record[key];
  if (branch === undefined) return {};
  if (isRecord(branch)) return branch;
  throw new Error(`${key} is not a branch of the tree`);
}

const isRecord = <Leaf>(branch: Tree<Leaf>): branch is TreeRecord<Leaf> =>
  typeof branch === "object" && branch !== null && !globalThis.Array.isArray(branch) && !("shape" in branch);

/** One task's parameters as its method expects them: its heads and the shared encoder. */
const paramsOf = <Leaf>(params: TreeRecord<Leaf> & { readonly encoder: TreeRecord<Leaf> }, title: string) => ({
  ...inside(inside(params, "tasks"), title),
  encoder: params.encoder,
});

/** `{ simclr: { accuracy } }` → `{ "simclr/accuracy" }`. */
const named = <Value>(byTitle: Readonly<Record<string, Readonly<Record<string, Value>>>>): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(byTitle).flatMap(([title, values]) =>
      Object.entries(values).map(([key, value]): [string, Value] => [`${title}/${key}`, value]),
    ),
  );

/** The first method's presets, with the options of every method that has a preset of the same name. */
const presetsOf = (tasks: readonly Task[], owners: ReturnType<typeof optionOwners>): Record<string, Preset> =>
  Object.fromEntries(
    Object.entries(tasks[0]?.definition.presets ?? {}).map(([title, preset]) => {
      const options = [...owners].flatMap(([option, { task, key }]): [string, unknown][] => {
        const preset = task.definition.presets?.[title]?.options ?? {};
        return key in preset ? [[option, preset[key]]] : [];
      });
      return [title, { ...preset, options: Object.fromEntries(options) }];
    }),
  );
