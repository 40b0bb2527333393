import { alike, type Image } from "../../../pixels/image.ts";

/** Rotated by `quarters` × 90° counter-clockwise, as `torch.rot90`; exact. */
export function rotateQuarters(image: Image, quarters: number): Image {
  const turns = ((quarters % 4) + 4) % 4;
  if (turns === 0) return image;
  const { channels } = image;
  const [width, height] = turns === 2 ? [image.width, image.height] : [image.height, image.width];
  const data = alike(image.data, image.data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] =
        turns === 1
          ? [image.width - 1 - y, x]
          : turns === 2
            ? [image.width - 1 - x, image.height - 1 - y]
            : [y, image.height - 1 - x];
      const from = (fromY * image.width + fromX) * channels;
      for (let channel = 0; channel < channels; channel++)
        data[(y * width + x) * channels + channel] = image.data[from + channel]!;
    }
  return { width, height, channels, data };
}
