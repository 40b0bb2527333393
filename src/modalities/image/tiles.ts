import type { Rng } from "../../array/rng.ts";
import { UserError } from "../../foundation/errors.ts";
import { alike, type Image, whiteOf } from "../../pixels/image.ts";
import { toGreyscale } from "../../pixels/transforms/color-jitter.ts";
import { horizontalFlip } from "../../pixels/transforms/flip.ts";
import { randomBox } from "../../pixels/transforms/random-resized-crop.ts";
import { resizedCrop } from "../../pixels/transforms/resize.ts";
import type { TileOptions } from "./abilities.ts";
import { asOptions } from "./augment.ts";
import type { ImageOptions } from "./options.ts";

/** Least side of a tile: fewer pixels show little more than a colour. 3 × 3 tiles of 28 pixels are just allowed. */
const LEAST_SIDE = 6;
/** Fewest pixels that a tile is shrunk to. Doersch et al. 2015, section 3.1 of https://arxiv.org/abs/1505.05192 */
const FEWEST_PIXELS = 100;

/**
 * Tiles of a random crop of the image (`cropScale` times its area, flipped with probability `flip`), row by row. The crop
 * is resized to about `imageSize` pixels, so that every cell is a whole number of them.
 * @param mean per channel, of values in [0, 1]: the mean of the noise that replaces a channel
 * @throws UserError when the image size is too small for the tiles
 */
export function cutTiles(
  image: Image,
  options: ImageOptions,
  mean: readonly number[],
  rng: Rng,
  tileOptions: TileOptions,
): Image[] {
  const { rows, columns, share, multipleOf = 1, greyscale = 0, channelShift = 0 } = tileOptions;
  const [height, width] = [Math.floor(options.imageSize / rows), Math.floor(options.imageSize / columns)];
  const cell = Math.min(height, width);
  // A share such as 64/75 may be rounded to just below a whole number.
  const side = multipleOf * Math.floor((share * cell) / multipleOf + 1e-6);
  if (side < LEAST_SIDE)
    throw new UserError(
      `${rows} × ${columns} tiles of images of ${options.imageSize} pixels have sides of ${side}; they need at least ${LEAST_SIDE}; use fewer tiles (--grid) or larger images (--image-size)`,
    );
  const box = randomBox(image, options.cropScale, rng);
  let crop = asOptions(resizedCrop(image, box, columns * width, rows * height), options);
  if (rng.chance(options.flip)) crop = horizontalFlip(crop);
  if (rng.chance(greyscale)) crop = toGreyscale(crop);
  const place = (extent: number) => {
    const gap = extent - side;
    const reach = Math.min(gap / 2, (tileOptions.jitter ?? 1) * extent);
    const [low, high] = [Math.ceil(gap / 2 - reach), Math.floor(gap / 2 + reach)];
    return rng.integer(low, Math.max(low, high));
  };
  return Array.from({ length: rows * columns }, (_, index) => {
    const top = Math.floor(index / columns) * height + place(height);
    const left = (index % columns) * width + place(width);
    let tile = cut(crop, top, left, side, channelShift, rng);
    if (rng.chance(tileOptions.dropColours ?? 0)) tile = dropColours(tile, mean, rng);
    if (rng.chance(tileOptions.pixelate ?? 0)) tile = pixelate(tile, rng);
    return tile;
  });
}

/** The square at `top`, `left`; each channel shifted by up to `shift` pixels, within the image. */
function cut(
  { data, width, height, channels }: Image,
  top: number,
  left: number,
  side: number,
  shift: number,
  rng: Rng,
): Image {
  const tile = alike(data, side * side * channels);
  const move = (start: number, extent: number) =>
    shift > 0 ? Math.min(extent - side, Math.max(0, start + rng.integer(-shift, shift))) : start;
  for (let channel = 0; channel < channels; channel++) {
    const [y0, x0] = [move(top, height), move(left, width)];
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        tile[(y * side + x) * channels + channel] = data[((y0 + y) * width + x0 + x) * channels + channel]!;
  }
  return { width: side, height: side, channels, data: tile };
}

/** All channels but one replaced by noise of a hundredth of the remaining channel's deviation ("color dropping"). */
function dropColours(tile: Image, mean: readonly number[], rng: Rng): Image {
  if (tile.channels === 1) return tile;
  const data = tile.data.slice();
  const white = whiteOf(data);
  const { channels } = tile;
  const kept = rng.integer(0, channels - 1);
  let [sum, squares] = [0, 0];
  for (let at = kept; at < data.length; at += channels) {
    sum += data[at]!;
    squares += data[at]! ** 2;
  }
  const pixels = data.length / channels;
  const deviation = Math.sqrt(Math.max(0, squares / pixels - (sum / pixels) ** 2));
  for (let at = 0; at < data.length; at++)
    if (at % channels !== kept)
      data[at] = Math.round(Math.min(white, Math.max(0, rng.normal(white * mean[at % channels]!, deviation / 100))));
  return { ...tile, data };
}

/** Shrunk to a random size of at least 100 pixels in total, and enlarged again. */
function pixelate(tile: Image, rng: Rng): Image {
  const smallest = Math.min(tile.width, Math.round(Math.sqrt(FEWEST_PIXELS)));
  const side = rng.integer(smallest, tile.width);
  const whole = ({ width, height }: Image) => ({ top: 0, left: 0, width, height });
  const small = resizedCrop(tile, whole(tile), side, side);
  return resizedCrop(small, whole(small), tile.width, tile.height);
}
