import type * as z from "zod";
import type { ModalityDefinition, Reads, Source } from "../../../data/index.ts";
import { partsOf } from "../../../methods/combine.ts";
import type { MethodDefinition } from "../../../methods/index.ts";
import { nameOf, type Options, type RunChoices } from "../choices.ts";
import type { RunConfig } from "../config.ts";
import { parseOptions } from "../run.ts";
import { agree, type Wish } from "./agree.ts";
import { decide, pickKnown } from "./precedence.ts";
import { type PresetParts, presetIn } from "./presets.ts";

/**
 * What the methods ask of the data, and for what none asks, the modality's part of `small`, unless the first method with
 * such a preset does without.
 */
function askedOf(
  schema: z.ZodObject,
  method: MethodDefinition,
  { wanted, small }: PresetParts,
  decided: Options | undefined,
): { readonly method: Options; readonly small: Options | undefined } {
  const strong = pickKnown(schema, small?.views);
  const isLight = (part: MethodDefinition) => presetIn(part, wanted)?.lightViews ?? false;
  const wishes = partsOf(method).map((part): Wish => {
    const preset = pickKnown(schema, presetIn(part, wanted)?.modalityOptions);
    const own = decide({ preset, method: pickKnown(schema, part.modalityOptions) });
    const alone = decide({ preset, small: isLight(part) ? undefined : strong, method: own });
    return { of: part.name, options: Object.fromEntries(Object.keys(own).map((option) => [option, alone[option]])) };
  });
  const having = partsOf(method).find((part) => presetIn(part, wanted));
  return { method: agree(wishes, decided), small: having && isLight(having) ? undefined : strong };
}

/**
 * Settles the modality's options, and what it learns from the data once (a tokenizer).
 * @param reads what the run's encoder reads
 * @throws UserError for a wrong option
 */
export async function settleModality(
  choices: RunChoices,
  method: MethodDefinition,
  presets: PresetParts,
  definition: ModalityDefinition,
  source: Source<unknown>,
  reads: Reads,
): Promise<RunConfig["modality"]> {
  const { name, options: schema } = definition;
  const asked = askedOf(schema, method, presets, choices.modalityOptions);
  const decided = decide({
    user: choices.modalityOptions,
    // What a method asks for is above `small` already where that has it too.
    preset: asked.method,
    small: asked.small,
    start: choices.modalityDefaults,
    data: await definition.infer(source, reads),
  });
  const options = parseOptions(schema, decided, `modality ${name}`);
  const files = await definition.learn?.(source, options, choices.onNote);
  return { name: nameOf(choices.modality, name), options, ...(files ? { files } : {}) };
}
