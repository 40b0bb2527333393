import { ability } from "../ability.ts";
import type { Sample } from "../views.ts";

/** What every pixel of an image shows. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  /** Numbers of the classes, row by row; 255 (`NO_CLASS`) where nobody says. */
  readonly data: Uint8Array;
}

/** A pixel that is not scored, as in Pascal VOC. */
export const NO_CLASS = 255;

/**
 * The part of a sample's mask that the encoder sees, at the mask's own resolution; undefined when the mask's sides are not in the
 * proportion of the sample's.
 */
export const masks = ability<{ seen(sample: Sample, mask: Mask): Mask | undefined }["seen"]>()(
  "masks",
  "may have masks that say what every pixel shows",
);
