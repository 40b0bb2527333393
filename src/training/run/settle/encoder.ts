import type { ModalityDefinition } from "../../../data/index.ts";
import { type EncoderDefinition, encoders, reads } from "../../../encoders/index.ts";
import type { MethodDefinition, Preset } from "../../../methods/index.ts";
import { nameOf, type RunChoices } from "../choices.ts";
import type { RunConfig } from "../config.ts";
import { parseOptions } from "../run.ts";
import { decide, pickKnown } from "./precedence.ts";
import type { PresetParts } from "./presets.ts";

/** The default encoder: the preset's or the method's if it reads such data, else the modality's. */
async function defaultEncoder(
  preset: Preset | undefined,
  method: MethodDefinition,
  modality: ModalityDefinition,
): Promise<string> {
  for (const name of [preset?.encoder, method.defaultEncoder])
    if (name !== undefined && reads(await encoders.load(name), modality.inputs)) return name;
  return modality.defaultEncoder;
}

/** The named encoder, or the default one. */
export const encoderOf = async (
  name: string | undefined,
  preset: Preset | undefined,
  method: MethodDefinition,
  modality: ModalityDefinition,
): Promise<EncoderDefinition> => encoders.load(name ?? (await defaultEncoder(preset, method, modality)));

/** Settles the encoder and its options. @throws UserError for an option that it does not have */
export async function settleEncoder(
  choices: RunChoices,
  method: MethodDefinition,
  { preset, small }: PresetParts,
  modality: ModalityDefinition,
): Promise<RunConfig["encoder"]> {
  const { name, options } = await encoderOf(choices.encoder, preset, method, modality);
  // A preset's settings apply to its encoder only, not to another that the user names.
  const byDefault = await defaultEncoder(preset, method, modality);
  if (choices.encoder === undefined && preset?.encoder !== undefined && preset.encoder !== byDefault)
    choices.onNote?.(`encoder ${preset.encoder} of the preset does not read ${modality.name} data; using ${byDefault}`);
  const decided = decide({
    user: choices.encoderOptions,
    preset: name === (preset?.encoder ?? byDefault) ? pickKnown(options, preset?.encoderOptions) : undefined,
    small: name === byDefault ? pickKnown(options, small?.encoderOptions?.[name]) : undefined,
    method: name === method.defaultEncoder ? method.encoderOptions : undefined,
    start: choices.encoderDefaults,
  });
  return { name: nameOf(choices.encoder, name), options: parseOptions(options, decided, `encoder ${name}`) };
}
