import type { Rng } from "../array/rng.ts";
import { ability } from "./ability.ts";

/** A sample of whatever kind: who is no kind of data passes it on and never looks inside. */
export type Sample = unknown;

/** How a crop differs from the modality's own augmentation. */
export interface CropOptions {
  /** Side of the crop over the side that the encoder usually sees, in (0, 1]. */
  readonly side: number;
  /** The side in pixels is rounded to a multiple of this: a patch size. 1 by default. */
  readonly multipleOf?: number;
  /** Smallest and largest area, as a share of the sample; the modality's own by default. */
  readonly scale?: readonly [number, number];
  /** Probabilities of a Gaussian blur and of solarising, where two views are distorted unequally (BYOL, DINO). */
  readonly blur?: number;
  readonly solarize?: number;
}

/** Views of a sample. What they return is prepared already: `tensors` keeps its size, which may be a crop's own. */
interface Views {
  augment(sample: Sample, rng: Rng, view?: number): Sample;
  crop(sample: Sample, rng: Rng, options: CropOptions): Sample;
  perturb(sample: Sample, rng: Rng): Sample;
}

/** A strongly distorted view that a person would still call the same thing (SimCLR, BYOL, DINO …). */
export const augment = ability<Views["augment"]>()("augment", "strongly distorted views of a sample");

/** A strongly distorted view of a part of the sample, of a size of its own (multi-crop: SwAV, DINO …). */
export const crop = ability<Views["crop"]>()("crop", "distorted views of a part of a sample, of any size");

/** A lightly changed view: crop and flip (MAE, supervised training, FixMatch's weak view). */
export const perturb = ability<Views["perturb"]>()("perturb", "lightly changed views of a sample");

/** How values in [0, 1] became what the encoder reads: minus `mean`, over `std`, for each channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export const normalization = ability<Normalization>()("normalization", "values of a known range, scaled by channel");
