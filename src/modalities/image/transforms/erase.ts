import type { Rng } from "../../../array/rng.ts";
import type { Image } from "../../../pixels/image.ts";
import type { Box } from "../../../pixels/transforms/resize.ts";

/** The image with the pixels of a box replaced. */
export function erased(image: Image, { top, left, width, height }: Box, fill: readonly number[]): Image {
  const data = image.data.slice();
  for (let y = top; y < top + height; y++)
    for (let at = (y * image.width + left) * image.channels, x = 0; x < width; x++)
      for (let channel = 0; channel < image.channels; channel++) data[at++] = fill[channel]!;
  return { ...image, data };
}

/**
 * Cutout: a square about a random pixel is erased, as far as it lies inside. DeVries & Taylor 2017,
 * https://arxiv.org/abs/1708.04552
 * @param share side of the square, over the shorter side of the image
 */
export function cutout(image: Image, share: number, fill: readonly number[], rng: Rng): Image {
  const half = Math.floor((share * Math.min(image.width, image.height)) / 2);
  const [x, y] = [rng.integer(0, image.width - 1), rng.integer(0, image.height - 1)];
  const [left, top] = [Math.max(0, x - half), Math.max(0, y - half)];
  const [right, bottom] = [Math.min(image.width, x + half), Math.min(image.height, y + half)];
  return erased(image, { left, top, width: right - left, height: bottom - top }, fill);
}

/** Area of the rectangle, as a share of the image, and its height over its width, as in the paper. */
const AREA = [0.02, 1 / 3] as const;
const ASPECT = [0.3, 1 / 0.3] as const;
const TRIES = 10;

/**
 * Random erasing: a rectangle of random area, aspect and place. Zhong et al. 2017, https://arxiv.org/abs/1708.04896, as
 * torchvision draws it; the image as it is when none fits.
 */
export function randomErasing(image: Image, fill: readonly number[], rng: Rng): Image {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const area = image.width * image.height * rng.uniform(...AREA);
    const aspect = Math.exp(rng.uniform(Math.log(ASPECT[0]), Math.log(ASPECT[1])));
    const [height, width] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
    if (height < 1 || width < 1 || height >= image.height || width >= image.width) continue;
    const [top, left] = [rng.integer(0, image.height - height), rng.integer(0, image.width - width)];
    return erased(image, { top, left, width, height }, fill);
  }
  return image;
}
