import type { Image } from "../../../pixels/image.ts";

/** Every channel's bytes mapped by a table of its own, which `tableOf` makes from the channel's histogram. */
function mapChannels(image: Image, tableOf: (counts: Uint32Array) => Uint8Array | undefined): Image {
  const { channels, data: source } = image;
  const data = source.slice();
  for (let channel = 0; channel < channels; channel++) {
    const counts = new Uint32Array(256);
    for (let at = channel; at < source.length; at += channels) counts[source[at]!]!++;
    const table = tableOf(counts);
    if (table) for (let at = channel; at < source.length; at += channels) data[at] = table[source[at]!]!;
  }
  return { ...image, data };
}

const clamped = (value: number): number => Math.max(0, Math.min(255, Math.trunc(value)));

/** Pillow's `ImageOps.autocontrast`: each channel's darkest byte becomes 0, its brightest 255. */
export const autocontrast = (image: Image): Image =>
  mapChannels(image, (counts) => {
    const [low, high] = [counts.findIndex((count) => count > 0), counts.findLastIndex((count) => count > 0)];
    if (high <= low) return undefined;
    const scale = 255 / (high - low);
    return Uint8Array.from({ length: 256 }, (_, byte) => clamped(byte * scale - low * scale));
  });

/** Pillow's `ImageOps.equalize`: each channel's bytes by their rank, so that all are about equally frequent. */
export const equalize = (image: Image): Image =>
  mapChannels(image, (counts) => {
    const brightest = counts[counts.findLastIndex((count) => count > 0)] ?? 0;
    const step = Math.floor((counts.reduce((sum, count) => sum + count, 0) - brightest) / 255);
    // Too few pixels, or a single value.
    if (step === 0) return undefined;
    let rank = Math.floor(step / 2);
    return Uint8Array.from(counts, (count) => {
      const byte = Math.min(255, Math.floor(rank / step));
      rank += count;
      return byte;
    });
  });

/** Pillow's `ImageOps.posterize`: only the highest bits of each byte are kept. @param bits 0 to 8 */
export function posterize(image: Image, bits: number): Image {
  const kept = 256 - 2 ** (8 - bits);
  return { ...image, data: image.data.map((byte) => byte & kept) };
}

/**
 * Pillow's `ImageEnhance.Sharpness`: towards a smoothed image (0) or away from it (above 1). The outermost pixels stay as
 * they are.
 */
export function adjustSharpness(image: Image, factor: number): Image {
  const { width, height, channels, data: source } = image;
  const data = source.slice();
  const row = width * channels;
  for (let y = 1; y < height - 1; y++)
    for (let at = y * row + channels; at < (y + 1) * row - channels; at++) {
      const [above, below] = [at - row, at + row];
      const around =
        source[above - channels]! +
        source[above]! +
        source[above + channels]! +
        source[at - channels]! +
        source[at + channels]! +
        source[below - channels]! +
        source[below]! +
        source[below + channels]!;
      const smooth = Math.floor((around + 5 * source[at]!) / 13 + 0.5);
      data[at] = clamped(smooth + factor * (source[at]! - smooth));
    }
  return { ...image, data };
}
