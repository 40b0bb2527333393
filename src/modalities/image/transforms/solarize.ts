import type { Image } from "../../../pixels/image.ts";

/** `solarize`: values at or above the threshold are inverted. */
export function solarize(image: Image, threshold = 128): Image {
  const data = image.data.slice();
  for (let at = 0; at < data.length; at++) if (data[at]! >= threshold) data[at] = 255 - data[at]!;
  return { ...image, data };
}
