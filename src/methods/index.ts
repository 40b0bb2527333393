import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { UserError } from "../foundation/errors.ts";
import { type Registry, registry } from "../foundation/registry.ts";
import { combine, parseTasks } from "./combine.ts";
import type { MethodDefinition } from "./method.ts";

const single = registry<MethodDefinition>(new URL("./", import.meta.url), "method");

/** Every method in this folder, by name; `load` also knows several at once: `rotation+simclr:0.5`. */
export const methods: Registry<MethodDefinition> = {
  ...single,
  async load(name) {
    if (!name.includes("+") || existsSync(name)) return single.load(name);
    const parts = parseTasks(name);
    const tasks = await Promise.all(
      parts.map(async ({ name: part, weight }) => ({ definition: await single.load(part), weight })),
    );
    const titles = tasks.map(({ definition }) => definition.name);
    const twice = titles.find((title, index) => titles.indexOf(title) < index);
    if (twice) throw new UserError(`method "${name}": ${twice} is there twice; give it a weight instead`);
    const labelled = tasks.filter(({ definition }) => definition.family === "supervised");
    if (labelled.length > 1)
      throw new UserError(
        `method "${name}": ${labelled.map(({ definition }) => definition.name).join(" and ")} both learn from the labels; take one of them, by itself and without a weight`,
      );
    // A name that finds the same methods from any folder.
    const lasting = tasks.map(({ definition, weight }, index) => {
      const part = parts[index]!.name;
      return `${part === definition.name ? part : resolve(part)}${weight === 1 ? "" : `:${weight}`}`;
    });
    return combine(lasting.join("+"), tasks);
  },
};
export type {
  EpochContext,
  FrozenRun,
  LinearHead,
  Method,
  MethodContext,
  MethodDefinition,
  MethodParams,
  Preset,
  Recipe,
  Schedule,
} from "./method.ts";
