import { registry } from "../foundation/registry.ts";
import type { ModalityDefinition } from "./modality.ts";

/** Every modality in this folder, by name. */
export const modalities = registry<ModalityDefinition>(new URL("./", import.meta.url), "modality");
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
  Source,
  TensorRecord,
  TokenSequence,
  Vocabulary,
  VocabularySpec,
} from "./modality.ts";
