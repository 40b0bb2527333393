import { type OptionsByName, type Registry, registry } from "../foundation/registry.ts";
import type { ModalityDefinition } from "./modality.ts";

/** The only references to a kind of data from outside its folder, in the order that help prefers them. */
const lines = {
  image: () => import("../modalities/image/index.ts"),
  text: () => import("../modalities/text/index.ts"),
  audio: () => import("../modalities/audio/index.ts"),
  video: () => import("../modalities/video/index.ts"),
  series: () => import("../modalities/series/index.ts"),
  molecule: () => import("../modalities/molecule/index.ts"),
  table: () => import("../modalities/table/index.ts"),
  protein: () => import("../modalities/protein/index.ts"),
  graph: () => import("../modalities/graph/index.ts"),
  experience: () => import("../modalities/experience/index.ts"),
  pair: () => import("../modalities/pair/index.ts"),
};

/** Every modality's options, by its name. */
export type ModalityOptions = OptionsByName<typeof lines>;

/** Every kind of data, by name. Its type is written out since a kind that is made of others loads them here. */
export const modalities: Registry<ModalityDefinition> = registry("modality", lines);
export { type Ability, ability, encoderAbility, type Offered, offerOf, offers } from "./ability.ts";
export {
  type Answers,
  answersOf,
  areColumns,
  type LabelTask,
  type LinearHead,
  labelOfColumns,
  labelTasks,
  SEPARATOR,
  truthOf,
  truthsOf,
  unknownAmong,
  valuesOf,
} from "./answers.ts";
export type { Features } from "./features.ts";
export { describeLeftOut, type LeftOut } from "./files/left-out.ts";
export type { Frames, Media } from "./media.ts";
export {
  type Accepts,
  type BaselineOptions,
  type Extractor,
  type Modality,
  type ModalityDefinition,
  modality,
  type Recognition,
  type RunFiles,
  type Shown,
  type SideFeatures,
  type Size,
  type SmallSettings,
  type TensorRecord,
} from "./modality.ts";
export { finderOf } from "./names.ts";
export { largestFirst, NO_PART, type Part, type PartOf, parts } from "./parts/part.ts";
export { foldsFromTable, partsIn, SPLIT_COLUMN, splitFromTable, subset, trainingEntries } from "./parts/split.ts";
export type { Paths } from "./paths/joined.ts";
export { type Drawing, drawing, type Picture } from "./picture.ts";
export type { Reads } from "./reads.ts";
export { type Sides, sides } from "./sides.ts";
export { type OpenOptions, type Source, type TableOptions, tableOptionsOf } from "./source.ts";
export { UNLABELLED } from "./tokens/labels.ts";
export { units } from "./tokens/units.ts";
export { augment, type CropOptions, crop, type Normalization, normalization, perturb, type Sample } from "./views.ts";
export {
  maskToken,
  paraphrase,
  type TokenSequence,
  type Vocabulary,
  type VocabularySpec,
  vocabulary,
} from "./vocabulary.ts";
