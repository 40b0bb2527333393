import { resolve } from "node:path";
import { type Download, localModel } from "../../../interop/hub/index.ts";
import type { MethodDefinition } from "../../../methods/index.ts";
import { nameOf, type RunChoices } from "../choices.ts";
import type { RunConfig } from "../config.ts";
import { isOnnx } from "../frozen-file.ts";
import { parseOptions } from "../run.ts";
import { decide, pickKnown } from "./precedence.ts";
import type { PresetParts } from "./presets.ts";

/** Settles the method and its options. @throws UserError for an option that it does not have */
export async function settleMethod(
  choices: RunChoices,
  { name, options: schema, runs = [], tasks }: MethodDefinition,
  { preset }: PresetParts,
  watch: Download = {},
): Promise<RunConfig["method"]> {
  const decided = decide({ user: choices.options, preset: pickKnown(schema, preset?.options) });
  const options = parseOptions(schema, decided, `method ${name}`);
  // The run may be opened from another folder; what a model on the Hub is today is settled.
  const paths: Record<string, string> = {};
  for (const run of runs) {
    const given = options[run];
    if (typeof given !== "string") continue;
    const { path, from } = await localModel(given, { takesOnnx: true, ...watch });
    paths[run] = from === path || isOnnx(path) ? resolve(path) : from;
  }
  return {
    name: tasks ? name : nameOf(choices.method, name),
    options: { ...options, ...paths },
  };
}
