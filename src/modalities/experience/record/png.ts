import { loadSharp } from "../../../interop/sharp.ts";
import type { ImageSpace } from "./spaces.ts";

/** An observation as a PNG: 16 bits of grey, or 8 of each colour. @param values `[channels, height, width]` */
export async function pngOf(values: Float32Array, image: ImageSpace): Promise<Uint8Array> {
  const { channels, height, width, levels } = image;
  const plane = height * width;
  if (values.length !== channels * plane) throw new Error(`${values.length} values of an image of ${channels * plane}`);
  const pixels = levels > 255 ? new Uint16Array(values.length) : new Uint8Array(values.length);
  for (let channel = 0; channel < channels; channel++)
    for (let at = 0; at < plane; at++) pixels[at * channels + channel] = levelOf(values[channel * plane + at]!, image);
  const sharp = await loadSharp();
  return sharp(pixels, { raw: { width, height, channels } })
    .toColourspace(levels > 255 ? "grey16" : channels === 1 ? "b-w" : "srgb")
    .png()
    .toBuffer();
}

/** A value as one of 256 or 65,536 steps from `low` to `high`. */
export const levelOf = (value: number, { low, high, levels }: Pick<ImageSpace, "low" | "high" | "levels">): number =>
  Math.max(0, Math.min(levels, Math.round(((value - low) / (high - low)) * levels)));
