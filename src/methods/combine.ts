import * as z from "zod";
import type { Ability } from "../data/ability.ts";
import { optionOwners, type Weighted } from "../foundation/combination.ts";
import { UserError } from "../foundation/errors.ts";
import type { MethodDefinition } from "./method.ts";
import { sumOf } from "./parts/sum.ts";
import type { Preset, Recipe } from "./recipe.ts";

/** One of several tasks that an encoder learns at once. */
export type Task = Weighted<MethodDefinition>;

/** The methods that a run learns by: the tasks of a combination, or the one. */
export const partsOf = (method: MethodDefinition): readonly MethodDefinition[] =>
  method.tasks?.map(({ definition }) => definition) ?? [method];

/**
 * One encoder trained on several tasks at once, with a head each: the loss is the weighted sum of the methods' losses
 * (Doersch & Zisserman 2017, https://arxiv.org/abs/1708.07860). Parameters are `{ encoder, tasks: { rotation, simclr } }`;
 * views, memory and metrics are kept per task, by name. The recipe, and of a preset the training, are the first method's;
 * everything else that the methods declare is merged. Options of encoder and data that they set differently are an error
 * once a run is settled, unless the user sets them.
 * @param name by which the methods registry finds the combination again
 * @throws UserError naming two methods that no encoder can serve, or of which each is evaluated by its own teacher
 */
export function combine(name: string, tasks: readonly Task[]): MethodDefinition {
  const [first] = tasks;
  if (!first) throw new Error("no methods to combine");
  const parts = tasks.map(({ definition }) => definition);
  const titles = parts.map((part) => part.name);
  const owners = optionOwners(tasks);
  const causal = directionOf(name, parts);
  const learned = learnedOf(name, parts);
  const runs = [...owners].flatMap(([option, { task, key }]) => (task.definition.runs?.includes(key) ? [option] : []));
  const defaultEncoder = parts.find((part) => part.defaultEncoder)?.defaultEncoder;
  const encoderOptions = firstOf(
    parts.map((part) => (part.defaultEncoder === defaultEncoder ? part.encoderOptions : undefined)),
  );
  const modalityOptions = firstOf(parts.map((part) => part.modalityOptions));
  const replaces = firstOf(parts.map((part) => part.replaces));
  const presets = presetsOf(parts, owners);
  return {
    kind: "method",
    name,
    family: first.definition.family,
    paper: "https://arxiv.org/abs/1708.07860",
    summary: `${titles.join(" and ")} at once, a head each`,
    needs: unique(parts.flatMap((part) => part.needs)),
    ...(causal === undefined ? {} : { causal }),
    options: z.object(
      Object.fromEntries([...owners].map(([option, { task, key }]) => [option, task.definition.options.shape[key]!])),
    ),
    ...(runs.length > 0 ? { runs } : {}),
    recipe: recipeOf(first.definition),
    follow: ({ options, ...others }) =>
      tasks.flatMap((task) => {
        const own = [...owners].filter(([, owner]) => owner.task === task);
        const names = new Map(own.map(([option, { key }]) => [key, option]));
        const settled = Object.fromEntries(own.map(([option, { key }]) => [key, options[option]]));
        const follows = task.definition.follow?.({ ...others, options: settled }) ?? [];
        return follows.map((one) => ({ ...one, option: names.get(one.option) ?? one.option }));
      }),
    ...(Object.keys(presets).length > 0 ? { presets } : {}),
    ...(learned === undefined ? {} : { learned }),
    ...(defaultEncoder ? { defaultEncoder } : {}),
    tasks,
    ...(encoderOptions ? { encoderOptions } : {}),
    ...(modalityOptions ? { modalityOptions } : {}),
    ...(replaces ? { replaces } : {}),
    build(context) {
      const built = tasks.map((task) => {
        const owned = [...owners].filter(([, owner]) => owner.task === task);
        const options = Object.fromEntries(owned.map(([option, { key }]) => [key, context.options[option]]));
        const opened = owned.flatMap(([option, { key }]) => {
          const run = context.runs?.[option];
          return run ? [[key, run] as const] : [];
        });
        const file = owned.map(([option]) => context.files?.[option]).find((one) => one !== undefined);
        if (file)
          throw new UserError(`${file.path}: an ONNX file teaches a method that trains alone, not one of several`);
        const own = { ...context, options, runs: Object.fromEntries(opened) };
        return { title: task.definition.name, weight: task.weight, method: task.definition.build(own) };
      });
      return sumOf(built);
    },
  };
}

/** The method's recipe, with the places that its parameters have in a combination. */
const recipeOf = ({ name, recipe }: MethodDefinition): Recipe => ({
  ...recipe,
  ...(recipe.constantRate && { constantRate: recipe.constantRate.map((part) => `tasks.${name}.${part}`) }),
});

const unique = (needs: readonly Ability[]): Ability[] =>
  needs.filter((need, at) => needs.findIndex(({ name, by }) => name === need.name && by === need.by) === at);

/** Whether the encoder must be causal. @throws UserError when one method needs that and another the opposite */
function directionOf(name: string, parts: readonly MethodDefinition[]): boolean | undefined {
  const [before, both] = [true, false].map((causal) => parts.find((part) => part.causal === causal));
  if (before && both)
    throw new UserError(
      `method "${name}": ${before.name} predicts each token from those before it, ${both.name} from both sides; no encoder does both`,
    );
  return (before ?? both)?.causal;
}

/**
 * Where the memory has what is evaluated, `dino.teacher`. Beside a method that learns from labels nothing: its head is
 * trained on the student's features, and chosen by them.
 * @throws UserError when two methods are evaluated by a teacher each
 */
function learnedOf(name: string, parts: readonly MethodDefinition[]): string | undefined {
  if (parts.some(({ family }) => family === "supervised")) return undefined;
  const [taught, other] = parts.filter(({ learned }) => learned !== undefined);
  if (taught && other)
    throw new UserError(
      `method "${name}": ${taught.name} and ${other.name} are each evaluated by a teacher of their own; use one of them`,
    );
  return taught && `${taught.name}.${taught.learned}`;
}

/** Each option from the first that has it; undefined if none has any. */
const firstOf = <Value>(
  all: readonly (Readonly<Record<string, Value>> | undefined)[],
): Record<string, Value> | undefined => {
  const there = all.filter((options) => options !== undefined);
  return there.length > 0 ? Object.assign({}, ...there.toReversed()) : undefined;
};

/** Every preset that one of the methods has, with the options of all that have it; summary, training and light views are the first one's. */
function presetsOf(
  parts: readonly MethodDefinition[],
  owners: ReturnType<typeof optionOwners<Task>>,
): Record<string, Preset> {
  const titles = new Set(parts.flatMap(({ presets = {} }) => Object.keys(presets)));
  return Object.fromEntries(
    [...titles].map((title): [string, Preset] => {
      const presets = parts.flatMap(({ presets = {} }) => presets[title] ?? []);
      const options = [...owners].flatMap(([option, { task, key }]): [string, unknown][] => {
        const own = task.definition.presets?.[title]?.options ?? {};
        return key in own ? [[option, own[key]]] : [];
      });
      const encoder = presets.find((preset) => preset.encoder)?.encoder;
      const encoderOptions = firstOf(presets.map((preset) => preset.encoderOptions));
      const modalityOptions = firstOf(presets.map((preset) => preset.modalityOptions));
      const training = presets.find((preset) => preset.training)?.training;
      return [
        title,
        {
          summary: presets[0]?.summary ?? "",
          ...(options.length > 0 ? { options: Object.fromEntries(options) } : {}),
          ...(encoder ? { encoder } : {}),
          ...(encoderOptions ? { encoderOptions } : {}),
          ...(modalityOptions ? { modalityOptions } : {}),
          ...(training ? { training } : {}),
          ...(presets[0]?.lightViews ? { lightViews: true } : {}),
        },
      ];
    }),
  );
}
