import type { Rng } from "../array/rng.ts";
import { ability } from "./ability.ts";

/** A sample of any kind, opaque to everything but its modality. */
export type Sample = unknown;

/** The part of a sample that a view shows and the view's size, as shares, so that they apply to any kind of data. */
export interface CropOptions {
  /** Extent of the view, relative to the encoder's usual input, along every axis, in (0, 1]. */
  readonly extent: number;
  /** Patches of the usual input along each axis; the view must have a whole number of such patches. */
  readonly grid?: readonly number[];
  /** Smallest and largest share of the sample to show; by default the modality's. */
  readonly scale?: readonly [number, number];
}

/** Views of a sample. They are already prepared: `tensors` keeps their size, which a crop may choose. */
interface Views {
  augment(sample: Sample, rng: Rng, view?: number): Sample;
  crop(sample: Sample, rng: Rng, options: CropOptions, view?: number): Sample;
  perturb(sample: Sample, rng: Rng): Sample;
  among(sample: Sample, others: readonly Sample[]): Sample;
}

/**
 * A strongly distorted view in which a person would still recognise the sample (SimCLR, BYOL, DINO …). `view` is its
 * number among the sample's views, 0 by default: a modality may distort views unequally, as BYOL blurs the first of two
 * images and rarely the second.
 */
export const augment = ability<Views["augment"]>()("augment", "strongly distorted views of a sample");

/**
 * A strongly distorted view of a part of the sample, with its own extents (multi-crop: SwAV, DINO …). `view` is 0 for the
 * first global crop, 1 for the other global crops, 2 for local crops.
 */
export const crop = ability<Views["crop"]>()("crop", "distorted views of a part of a sample, of any size");

/** A lightly changed view: crop and flip (MAE, supervised training, FixMatch's weak view). */
export const perturb = ability<Views["perturb"]>()("perturb", "lightly changed views of a sample");

/** The sample as it is, knowing others of its batch, for kinds whose views may mix in another sample. */
export const among = ability<Views["among"]>()("among", "views into which another sample is mixed");

/** Normalisation of values in [0, 1] for the encoder: minus `mean`, divided by `std`, per channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export const normalization = ability<Normalization>()("normalization", "values of a known range, scaled by channel");
