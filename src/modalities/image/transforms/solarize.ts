import type { Image } from "../image.ts";

/** `solarize`: values at or above the threshold are inverted. */
export const solarize = (image: Image, threshold = 128): Image => ({
  ...image,
  data: image.data.map((value) => (value >= threshold ? 255 - value : value)),
});
