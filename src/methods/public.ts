/**
 * What a method is, and the parts that several built-in ones share. A user's own is a file as theirs.
 * @module autodidact/methods
 */
export {
  type Circumstances,
  type EpochContext,
  type FileFeatures,
  type Followed,
  type FrozenFile,
  type FrozenRun,
  type Method,
  type MethodContext,
  type MethodDefinition,
  type MethodOptions,
  type MethodParams,
  methods,
  type OutputsWanted,
  type Preset,
  type Recipe,
  type Schedule,
} from "./index.ts";
export { type Entry, method } from "./method.ts";
export * from "./parts/distillation.ts";
export * from "./parts/embedding.ts";
export * from "./parts/feature-map.ts";
export * from "./parts/graphs/attributes.ts";
export * from "./parts/graphs/edges.ts";
export * from "./parts/graphs/nodes.ts";
export * from "./parts/graphs/surroundings.ts";
export * from "./parts/input-features.ts";
export * from "./parts/labels.ts";
export * from "./parts/masks.ts";
export * from "./parts/mixing.ts";
export * from "./parts/multi-crop.ts";
export * from "./parts/patch-decoder.ts";
export * from "./parts/pictures.ts";
export * from "./parts/presets.ts";
export * from "./parts/queue.ts";
export * from "./parts/span-masks.ts";
export * from "./parts/teacher.ts";
export * from "./parts/time-steps.ts";
export * from "./parts/token-masks.ts";
export * from "./parts/token-noise.ts";
export * from "./parts/tokens.ts";
export * from "./parts/views.ts";
export { tokenizer, vqAutoencoder } from "./vq-autoencoder.ts";
