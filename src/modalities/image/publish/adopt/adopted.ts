import type { Tensor } from "../../../../array/index.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** A published image encoder as one of ours. */
export interface AdoptedEncoder {
  readonly encoder: "vit" | "resnet";
  readonly encoderOptions: Readonly<Record<string, unknown>>;
  /** Side of the images that it was made for, where nothing else says it, and their channels. */
  readonly imageSize: number;
  readonly channels: number;
  /** Sides must be a multiple of it. */
  readonly multiple?: number;
  /** Parameters by path, `encoder.…`, and what methods may take over: `maskToken`, a decoder. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** A layout of published models: how its files name and arrange things. */
export interface Adopter {
  /** Values of `model_type`, if Hugging Face's libraries know them. */
  readonly types: readonly string[];
  /** For files without a `model_type`: whether these are its names of weights. */
  recognises?(names: readonly string[]): boolean;
  read(checkpoint: Checkpoint): AdoptedEncoder;
}
