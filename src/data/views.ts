import type { Rng } from "../array/rng.ts";
import { ability } from "./ability.ts";

/** A sample of whatever kind: who is no kind of data passes it on and never looks inside. */
export type Sample = unknown;

/** What part of a sample a view shows and how large it comes out, in shares: nobody but the modality knows of pixels. */
export interface CropOptions {
  /** Extent of the view over what the encoder usually sees, along every axis, in (0, 1]. */
  readonly extent: number;
  /** The usual input has this many patches along each axis, and the view must have a whole number of the same. */
  readonly grid?: readonly number[];
  /** Smallest and largest part that is shown, as a share of the sample; the modality's own by default. */
  readonly scale?: readonly [number, number];
}

/** Views of a sample. What they return is prepared already: `tensors` keeps its size, which may be a crop's own. */
interface Views {
  augment(sample: Sample, rng: Rng, view?: number): Sample;
  crop(sample: Sample, rng: Rng, options: CropOptions, view?: number): Sample;
  perturb(sample: Sample, rng: Rng): Sample;
}

/**
 * A strongly distorted view that a person would still call the same thing (SimCLR, BYOL, DINO …). `view` is its number
 * among the sample's views, 0 by default: a modality may distort views unequally, as BYOL blurs the first of two images
 * and rarely the second.
 */
export const augment = ability<Views["augment"]>()("augment", "strongly distorted views of a sample");

/**
 * A strongly distorted view of a part of the sample, of extents of its own (multi-crop: SwAV, DINO …). `view` is 0 for the
 * first view of much of the sample, 1 for the others, 2 for those of small parts.
 */
export const crop = ability<Views["crop"]>()("crop", "distorted views of a part of a sample, of any size");

/** A lightly changed view: crop and flip (MAE, supervised training, FixMatch's weak view). */
export const perturb = ability<Views["perturb"]>()("perturb", "lightly changed views of a sample");

/** How values in [0, 1] became what the encoder reads: minus `mean`, over `std`, for each channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export const normalization = ability<Normalization>()("normalization", "values of a known range, scaled by channel");
