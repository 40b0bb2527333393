import { type OptionsByName, registry } from "../foundation/registry.ts";
import type { EncoderDefinition } from "./encoder.ts";

const lines = {
  dilated: () => import("./dilated.ts"),
  gcn: () => import("./gcn.ts"),
  gin: () => import("./gin.ts"),
  patchtst: () => import("./patchtst.ts"),
  "ft-transformer": () => import("./ft-transformer.ts"),
  joint: () => import("../modalities/pair/encoders/joint.ts"),
  mlp: () => import("./mlp.ts"),
  resnet: () => import("./resnet.ts"),
  towers: () => import("../modalities/pair/encoders/towers.ts"),
  transformer: () => import("./transformer.ts"),
  vit: () => import("./vit.ts"),
  wave: () => import("./wave.ts"),
};

/** Every encoder's options, by its name. */
export type EncoderOptions = OptionsByName<typeof lines>;

/** Every encoder, by name. */
export const encoders = registry<EncoderDefinition>("encoder", lines);
export type {
  ChannelAbility,
  EncodeOptions,
  Encoder,
  EncoderDefinition,
  InitialParams,
  Inputs,
  LatentAbility,
  NodeAbility,
  Params,
  PatchAbility,
  SequenceAbility,
  SharedSpaceAbility,
  TokenAbility,
  Tower,
} from "./encoder.ts";
export { axesOf, inputsInWords, reads, readsInWords } from "./encoder.ts";
