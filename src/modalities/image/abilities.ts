import type { Rng } from "../../array/rng.ts";
import type { Tensor } from "../../array/tensor.ts";
import { ability } from "../../data/ability.ts";
import type { Sample } from "../../data/views.ts";

/** How an image is cut into a grid of tiles (jigsaw, relative position). Lengths are in pixels at the encoder's image size. */
export interface TileOptions {
  readonly rows: number;
  readonly columns: number;
  /** Side of a tile over the side of its cell, in (0, 1]; the rest is the gap. */
  readonly share: number;
  /** Largest distance of a tile from the centre of its cell, over the cell's side; by default anywhere in the cell. */
  readonly jitter?: number;
  /** The side of a tile is rounded down to a multiple of this: a patch size. 1 by default. */
  readonly multipleOf?: number;
  /** Probability that all tiles are turned grey. This and the following prevent shortcuts by colour; all are 0 by default. */
  readonly greyscale?: number;
  /** Largest shift of a tile's colour channel against the others, in pixels. */
  readonly channelShift?: number;
  /** Probability that two of a tile's three channels are replaced by noise. */
  readonly dropColours?: number;
  /** Probability that a tile is shrunk to as few as 100 pixels and enlarged again. */
  readonly pixelate?: number;
}

/** How a region is cut out (cropped-region prediction). */
export interface RegionOptions {
  /** Side that the region is resized to, over the encoder's image size, in (0, 1]. */
  readonly side: number;
  /** The side in pixels is rounded to a multiple of this. 1 by default. */
  readonly multipleOf?: number;
  /** Smallest and largest area of the region, as a share of the image. */
  readonly scale: readonly [number, number];
}

/** A region of an image and its box: centre x, centre y, width and height as shares of the image. */
export interface Region {
  /** The image as the encoder sees it. */
  readonly whole: Sample;
  readonly region: Sample;
  readonly box: readonly [x: number, y: number, width: number, height: number];
}

interface Offers {
  rotate(sample: Sample, quarters: number): Sample;
  tiles(sample: Sample, rng: Rng, options: TileOptions): Sample[];
  region(sample: Sample, rng: Rng, options: RegionOptions): Region;
  lab(sample: Sample): { readonly lightness: Sample; readonly values: Tensor };
}

/** Rotates an image by `quarters` × 90° counter-clockwise (rotation prediction). */
export const rotate = ability<Offers["rotate"]>()("rotate", "can be rotated by quarter turns");

/** `rows × columns` tiles of a random crop of the image, row by row; no two overlap. */
export const tiles = ability<Offers["tiles"]>()("tiles", "can be cut into a grid of tiles");

/**
 * The image as the encoder sees it, a random region of it with distorted colours, and the region's box: centre x, centre y,
 * width and height as shares of the image.
 */
export const region = ability<Offers["region"]>()("region", "regions with known boxes can be cut out");

/**
 * The image's lightness (in all channels), and its CIELAB values: float32 `[3, height, width]`, L in [0, 100], a and b in
 * about ±110. Grey images do not offer it.
 */
export const lab = ability<Offers["lab"]>()("lab", "has colours");
