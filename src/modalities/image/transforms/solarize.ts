import { type Image, whiteOf } from "../../../pixels/image.ts";

/** `solarize`: values at or above the threshold, by default the upper half, are inverted. */
export function solarize(image: Image, threshold = (whiteOf(image.data) + 1) / 2): Image {
  const data = image.data.slice();
  const white = whiteOf(data);
  for (let at = 0; at < data.length; at++) if (data[at]! >= threshold) data[at] = white - data[at]!;
  return { ...image, data };
}
