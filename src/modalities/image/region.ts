import type { Rng } from "../../array/rng.ts";
import type { Image } from "../../pixels/image.ts";
import { randomBox } from "../../pixels/transforms/random-resized-crop.ts";
import { resizedCrop } from "../../pixels/transforms/resize.ts";
import type { RegionOptions } from "./abilities.ts";
import { distort } from "./augment.ts";
import type { ImageOptions } from "./options.ts";

/** A random box of the image, resized to a square; of photos with distorted colours, so that colour does not give it away. */
export function cutRegion(
  whole: Image,
  options: ImageOptions,
  rng: Rng,
  { side, multipleOf = 1, scale }: RegionOptions,
) {
  const imageSize = multipleOf * Math.max(1, Math.round((side * options.imageSize) / multipleOf));
  const { top, left, width, height } = randomBox(whole, scale, rng);
  const cut = resizedCrop(whole, { top, left, width, height }, imageSize, imageSize);
  const box = [
    (left + width / 2) / whole.width,
    (top + height / 2) / whole.height,
    width / whole.width,
    height / whole.height,
  ] as const;
  return { region: options.augmentation === "photo" ? distort(cut, { ...options, imageSize }, rng) : cut, box };
}
