import type { Rng } from "../../array/rng.ts";
import type { Tensor } from "../../array/tensor.ts";
import { ability } from "../../data/ability.ts";
import type { Sample } from "../../data/views.ts";

/** How an image is cut into a grid of tiles (jigsaw, relative position). Lengths are in pixels of the encoder's image. */
export interface TileOptions {
  readonly rows: number;
  readonly columns: number;
  /** Side of a tile over the side of its cell, in (0, 1]; what is left is the gap. */
  readonly share: number;
  /** Farthest that a tile lies from the middle of its cell, over the cell's side; anywhere in the cell by default. */
  readonly jitter?: number;
  /** The side of a tile is rounded down to a multiple of this: a patch size. 1 by default. */
  readonly multipleOf?: number;
  /** Against shortcuts through colour; all are 0 by default. Probability that all tiles lose their colours. */
  readonly greyscale?: number;
  /** Farthest that a colour channel of a tile is shifted against the others. */
  readonly channelShift?: number;
  /** Probability that noise takes the place of two of a tile's three channels. */
  readonly dropColours?: number;
  /** Probability that a tile is shrunk to as few as 100 pixels and blown up again. */
  readonly pixelate?: number;
}

/** How a region is cut out (cropped-region prediction). */
export interface RegionOptions {
  /** Side that the region is resized to, over the side that the encoder usually sees, in (0, 1]. */
  readonly side: number;
  /** The side in pixels is rounded to a multiple of this. 1 by default. */
  readonly multipleOf?: number;
  /** Smallest and largest area of the region, as a share of the image. */
  readonly scale: readonly [number, number];
}

/** A region of an image, and where it lies, as shares of the whole. */
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

/** The image turned by `quarters` × 90° counter-clockwise (rotation prediction). */
export const rotate = ability<Offers["rotate"]>()("rotate", "can be turned by quarters");

/** `rows × columns` tiles of a random crop of the image, row by row; no two overlap. */
export const tiles = ability<Offers["tiles"]>()("tiles", "can be cut into a grid of tiles");

/**
 * The image as the encoder sees it, a random region of it with its colours distorted, and where the region lies: centre
 * x, centre y, width and height as shares of the whole.
 */
export const region = ability<Offers["region"]>()("region", "regions can be cut out, their places known");

/**
 * The image's lightness (all channels alike), and its CIELAB values: float32 `[3, height, width]`, L in [0, 100], a and b
 * in about ±110. Images without colours do not offer it.
 */
export const lab = ability<Offers["lab"]>()("lab", "has colours");
