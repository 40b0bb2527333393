import type { ModalityDefinition } from "../../../data/index.ts";
import { type EncoderDefinition, encoders, reads } from "../../../encoders/index.ts";
import type { MethodDefinition, Preset } from "../../../methods/index.ts";
import { nameOf, type RunChoices } from "../choices.ts";
import type { RunConfig } from "../config.ts";
import { parseOptions } from "../run.ts";
import { decide, known } from "./precedence.ts";
import type { PresetParts } from "./presets.ts";

/** The encoder that is trained where none is named: the preset's or the method's if it reads such data, or the modality's. */
async function usualEncoder(
  preset: Preset | undefined,
  method: MethodDefinition,
  modality: ModalityDefinition,
): Promise<string> {
  for (const name of [preset?.encoder, method.defaultEncoder])
    if (name !== undefined && reads(await encoders.load(name), modality.inputs)) return name;
  return modality.defaultEncoder;
}

/** The encoder that is trained: the one named, or the usual one. */
export const encoderOf = async (
  given: string | undefined,
  preset: Preset | undefined,
  method: MethodDefinition,
  modality: ModalityDefinition,
): Promise<EncoderDefinition> => encoders.load(given ?? (await usualEncoder(preset, method, modality)));

/** Which encoder, and how large. @throws UserError for an option that it does not have */
export async function settleEncoder(
  choices: RunChoices,
  method: MethodDefinition,
  { preset, small }: PresetParts,
  modality: ModalityDefinition,
): Promise<RunConfig["encoder"]> {
  const { name, options } = await encoderOf(choices.encoder, preset, method, modality);
  // A preset's settings are of its own encoder, and not of another that the user names.
  const usual = await usualEncoder(preset, method, modality);
  if (choices.encoder === undefined && preset?.encoder !== undefined && preset.encoder !== usual)
    choices.onNote?.(`encoder ${preset.encoder} of the preset does not read ${modality.name} data; using ${usual}`);
  const decided = decide({
    user: choices.encoderOptions,
    preset: name === (preset?.encoder ?? usual) ? known(options, preset?.encoderOptions) : undefined,
    small: name === usual ? known(options, small?.encoderOptions?.[name]) : undefined,
    method: name === method.defaultEncoder ? method.encoderOptions : undefined,
    start: choices.encoderDefaults,
  });
  return { name: nameOf(choices.encoder, name), options: parseOptions(options, decided, `encoder ${name}`) };
}
