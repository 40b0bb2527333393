import type { Rng } from "../../../array/rng.ts";
import { alike, type Image } from "../../../pixels/image.ts";

/** Position `at` reflected into 0 … extent − 1, without repeating the edge. */
function reflected(at: number, extent: number): number {
  const last = extent - 1;
  if (last === 0) return 0;
  const within = Math.abs(at) % (2 * last);
  return within > last ? 2 * last - within : within;
}

/** Moved by whole pixels to the right and down; what was outside is reflected at the edges. */
export function moved(image: Image, right: number, down: number): Image {
  const { width, height, channels, data: source } = image;
  const data = alike(source, source.length);
  const columns = Int32Array.from({ length: width }, (_, x) => reflected(x - right, width) * channels);
  for (let y = 0, to = 0; y < height; y++) {
    const row = reflected(y - down, height) * width * channels;
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < channels; channel++) data[to++] = source[row + columns[x]! + channel]!;
  }
  return { ...image, data };
}

/** Padded by `share` of each side, by reflection, and cropped to its size at a random place: CIFAR's usual augmentation. */
export function randomShift(image: Image, share: number, rng: Rng): Image {
  const [x, y] = [Math.round(share * image.width), Math.round(share * image.height)];
  return moved(image, rng.integer(-x, x), rng.integer(-y, y));
}
