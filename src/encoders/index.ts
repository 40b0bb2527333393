import { registry } from "../foundation/registry.ts";
import type { EncoderDefinition } from "./encoder.ts";

/** Every encoder, by name. */
export const encoders = registry<EncoderDefinition>("encoder", {
  resnet: () => import("./resnet.ts"),
  transformer: () => import("./transformer.ts"),
  vit: () => import("./vit.ts"),
});
export type {
  EncodeOptions,
  Encoder,
  EncoderDefinition,
  InitialParams,
  Inputs,
  Params,
  PatchAbility,
  SequenceAbility,
  TokenAbility,
} from "./encoder.ts";
export { axesOf, inputsInWords, reads, readsInWords } from "./encoder.ts";
