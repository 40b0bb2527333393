import { alike, type Image } from "../image.ts";

/** The image mirrored left to right. */
export function horizontalFlip(image: Image): Image {
  const { width, height, channels } = image;
  const data = alike(image.data, image.data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < channels; channel++)
        data[(y * width + x) * channels + channel] = image.data[(y * width + width - 1 - x) * channels + channel]!;
  return { ...image, data };
}
