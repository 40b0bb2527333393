import { registry } from "../foundation/registry.ts";
import type { EncoderDefinition } from "./encoder.ts";

/** Every encoder in this folder, by name. */
export const encoders = registry<EncoderDefinition>(new URL("./", import.meta.url), "encoder");
export type {
  EncodeOptions,
  Encoder,
  EncoderDefinition,
  InitialParams,
  Inputs,
  Params,
  PatchAbility,
  TokenAbility,
  WordAbility,
} from "./encoder.ts";
