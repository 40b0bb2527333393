import { sizeOf } from "../../../array/index.ts";
import type { Modality, ModalityDefinition, SmallSettings } from "../../../data/index.ts";
import { encoders, reads } from "../../../encoders/index.ts";
import { UserError } from "../../../foundation/errors.ts";
import { closest } from "../../../foundation/options.ts";
import type { MethodDefinition, Preset } from "../../../methods/index.ts";

/** Both parts of a preset: the method's settings and the modality's. */
export interface PresetParts {
  /** Its name. */
  readonly wanted?: string | undefined;
  readonly preset?: Preset | undefined;
  readonly small?: SmallSettings | undefined;
}

/** @throws UserError listing the presets */
export function presetParts(
  wanted: string | undefined,
  method: MethodDefinition,
  { small }: ModalityDefinition,
): PresetParts {
  if (wanted === undefined) return {};
  const preset = presetOf(method, wanted);
  return { wanted, preset, small: /^small(-|$)/.test(wanted) ? small : undefined };
}

/** The preset of that name. @throws UserError listing the presets, if there is none */
export function presetOf({ name, presets = {} }: MethodDefinition, wanted: string): Preset {
  const preset = presets[wanted];
  if (preset && Object.hasOwn(presets, wanted)) return preset;
  const names = Object.keys(presets);
  const meant = closest(wanted, names);
  throw new UserError(
    `method ${name} has no preset "${wanted}"${meant ? ` (did you mean ${meant}?)` : ""}; ${names.length > 0 ? `there are: ${names.join(", ")}` : "it has none"}`,
  );
}

/** One method's own preset of that name, also where it is part of a combination. */
export const presetIn = ({ presets = {} }: MethodDefinition, wanted: string | undefined): Preset | undefined =>
  wanted !== undefined && Object.hasOwn(presets, wanted) ? presets[wanted] : undefined;

/** Below this many samples, or values per sample, the papers' recipes do not fit. */
const FEW = 50_000;
const SMALL = 64 * 64 * 3;

/** A hint at the preset `small`, for a run without a preset on few or small samples. */
export async function smallSuggestion(
  { presets }: MethodDefinition,
  definition: ModalityDefinition,
  samples: number,
  { specs }: Pick<Modality<unknown>, "specs">,
): Promise<string | undefined> {
  const preset = presets?.small;
  const values = Object.values(specs).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (!preset || (samples >= FEW && values > SMALL)) return undefined;
  if (preset.encoder && !reads(await encoders.load(preset.encoder), definition.inputs)) return undefined;
  const settings = [definition.small?.summary, preset.summary].filter((part) => part !== undefined);
  return `the data are ${samples < FEW ? "few" : "small"}; --preset small suits them: ${settings.join("; ")}`;
}
