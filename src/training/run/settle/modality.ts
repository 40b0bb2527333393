import type { ModalityDefinition, Reads, Source } from "../../../data/index.ts";
import type { MethodDefinition } from "../../../methods/index.ts";
import { nameOf, type RunChoices } from "../choices.ts";
import type { RunConfig } from "../config.ts";
import { parseOptions } from "../run.ts";
import { decide, pickKnown } from "./precedence.ts";
import type { PresetParts } from "./presets.ts";

/**
 * Settles the modality's options, and what it learns from the data once (a tokenizer).
 * @param reads what the run's encoder reads
 * @throws UserError for a wrong option
 */
export async function settleModality(
  choices: RunChoices,
  method: MethodDefinition,
  { preset, small }: PresetParts,
  definition: ModalityDefinition,
  source: Source<unknown>,
  reads: Reads,
): Promise<RunConfig["modality"]> {
  const { name, options: schema } = definition;
  const decided = decide({
    user: choices.modalityOptions,
    preset: pickKnown(schema, preset?.modalityOptions),
    small: preset?.lightViews ? undefined : pickKnown(schema, small?.views),
    method: pickKnown(schema, method.modalityOptions),
    start: choices.modalityDefaults,
    data: await definition.infer(source, reads),
  });
  const options = parseOptions(schema, decided, `modality ${name}`);
  const files = await definition.learn?.(source, options, choices.onNote);
  return { name: nameOf(choices.modality, name), options, ...(files ? { files } : {}) };
}
