import type { ModalityDefinition } from "../../../data/index.ts";
import { type EncoderDefinition, encoders, reads } from "../../../encoders/index.ts";
import { partsOf } from "../../../methods/combine.ts";
import type { MethodDefinition } from "../../../methods/index.ts";
import { nameOf, type RunChoices } from "../choices.ts";
import type { RunConfig } from "../config.ts";
import { parseOptions } from "../run.ts";
import { agree } from "./agree.ts";
import { decide, pickKnown } from "./precedence.ts";
import { type PresetParts, presetIn } from "./presets.ts";

/** The encoder that a method asks for: its preset's or its own, if it reads such data. */
async function askedFor(
  method: MethodDefinition,
  wanted: string | undefined,
  modality: ModalityDefinition,
): Promise<string | undefined> {
  for (const name of [presetIn(method, wanted)?.encoder, method.defaultEncoder])
    if (name !== undefined && reads(await encoders.load(name), modality.inputs)) return name;
  return undefined;
}

/**
 * The named encoder, or the one that the method asks for, or the modality's default.
 * @param wanted name of the preset
 * @throws UserError when two methods of a combination ask for different ones
 */
export async function encoderOf(
  name: string | undefined,
  wanted: string | undefined,
  method: MethodDefinition,
  modality: ModalityDefinition,
): Promise<EncoderDefinition> {
  if (name !== undefined) return encoders.load(name);
  const wishes = await Promise.all(
    partsOf(method).map(async (part) => {
      const encoder = await askedFor(part, wanted, modality);
      return { of: part.name, options: { encoder } };
    }),
  );
  const { encoder = modality.defaultEncoder } = agree(wishes);
  return encoders.load(String(encoder));
}

/** Settles the encoder and its options. @throws UserError for an option that it does not have */
export async function settleEncoder(
  choices: RunChoices,
  method: MethodDefinition,
  { wanted, small }: PresetParts,
  modality: ModalityDefinition,
): Promise<RunConfig["encoder"]> {
  const { name, options } = await encoderOf(choices.encoder, wanted, method, modality);
  const wishes = await Promise.all(
    partsOf(method).map(async (part) => {
      const preset = presetIn(part, wanted);
      // A preset's settings apply to its encoder only, not to another that the user names, or that training starts from.
      const byDefault = (await askedFor(part, wanted, modality)) ?? modality.defaultEncoder;
      if (choices.encoder === undefined && preset?.encoder !== undefined && preset.encoder !== byDefault)
        choices.onNote?.(`encoder ${preset.encoder} of the preset does not read ${modality.name} data; using ${name}`);
      const isBegun = choices.encoderDefaults !== undefined;
      const asked = decide({
        preset: isBegun
          ? undefined
          : name === (preset?.encoder ?? byDefault)
            ? pickKnown(options, preset?.encoderOptions)
            : undefined,
        small: !isBegun && name === byDefault ? pickKnown(options, small?.encoderOptions?.[name]) : undefined,
        method: name === part.defaultEncoder ? part.encoderOptions : undefined,
      });
      return { of: part.name, options: asked };
    }),
  );
  const asked = agree(wishes, choices.encoderOptions);
  const recipes = partsOf(method).map(({ name: of, defaultEncoder, encoderRecipe }) => ({
    of,
    options: name === defaultEncoder ? pickKnown(options, encoderRecipe) : {},
  }));
  const decided = decide({
    user: choices.encoderOptions,
    method: asked,
    start: choices.encoderDefaults,
    // What training starts from is as it is.
    ...(choices.encoderDefaults ? {} : { recipe: agree(recipes, { ...asked, ...choices.encoderOptions }) }),
  });
  return { name: nameOf(choices.encoder, name), options: parseOptions(options, decided, `encoder ${name}`) };
}
