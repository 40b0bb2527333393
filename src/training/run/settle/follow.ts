import type { Circumstances, MethodDefinition } from "../../../methods/index.ts";
import type { Options, RunChoices } from "../choices.ts";
import type { PresetParts } from "./presets.ts";

/**
 * The method's options with those that follow from the size of the batches and the number of samples: what the user or a
 * preset decides stays, and every change is noted.
 */
export function followed(
  { options: chosen = {}, onNote }: Pick<RunChoices, "options" | "onNote">,
  { name, follow }: MethodDefinition,
  { preset }: PresetParts,
  circumstances: Circumstances,
): Options {
  const { options } = circumstances;
  const changed: Record<string, unknown> = {};
  for (const { option, value, because } of follow?.(circumstances) ?? []) {
    if (chosen[option] !== undefined || preset?.options?.[option] !== undefined || options[option] === value) continue;
    changed[option] = value;
    onNote?.(`${name}: ${option} is ${value}, not the paper's ${options[option]}: ${because}`);
  }
  return { ...options, ...changed };
}
