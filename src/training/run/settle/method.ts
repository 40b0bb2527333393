import { resolve } from "node:path";
import type { MethodDefinition } from "../../../methods/index.ts";
import { nameOf, type RunChoices } from "../choices.ts";
import type { RunConfig } from "../config.ts";
import { parseOptions } from "../run.ts";
import { decide, pickKnown } from "./precedence.ts";
import type { PresetParts } from "./presets.ts";

/** Settles the method and its options. @throws UserError for an option that it does not have */
export function settleMethod(
  choices: RunChoices,
  { name, options: schema, runs = [], tasks }: MethodDefinition,
  { preset }: PresetParts,
): RunConfig["method"] {
  const decided = decide({ user: choices.options, preset: pickKnown(schema, preset?.options) });
  const options = parseOptions(schema, decided, `method ${name}`);
  // The run may be opened from another folder.
  const paths = runs.flatMap((run): [string, string][] => {
    const path = options[run];
    return typeof path === "string" ? [[run, resolve(path)]] : [];
  });
  return {
    name: tasks ? name : nameOf(choices.method, name),
    options: { ...options, ...Object.fromEntries(paths) },
  };
}
