import { registry } from "../foundation/registry.ts";
import type { ModalityDefinition } from "./modality.ts";

/** Every kind of data, by name: one line each, the only one outside its folder that imports it. */
export const modalities = registry<ModalityDefinition>("modality", {
  image: () => import("../modalities/image/index.ts"),
  text: () => import("../modalities/text/index.ts"),
});
export {
  type Answers,
  answersOf,
  type LabelTask,
  labelTasks,
  SEPARATOR,
  truthOf,
  truthsOf,
  unknownAmong,
} from "./answers.ts";
export type {
  Ability,
  CropOptions,
  EncoderAbility,
  Modality,
  ModalityDefinition,
  OpenOptions,
  RunFiles,
  SmallSettings,
  Source,
  TensorRecord,
  TokenSequence,
  Vocabulary,
  VocabularySpec,
} from "./modality.ts";
