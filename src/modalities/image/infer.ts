import type { Source } from "../../data/source.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import type { Image } from "../../pixels/image.ts";
import type { ImageOptions } from "./options.ts";

/** Options inferred from up to 16 of the images. */
export async function inferImages(source: Source<Image>): Promise<Partial<ImageOptions>> {
  const images: Image[] = [];
  for (let probe = 0; probe < Math.min(16, source.length); probe++) {
    const image = await source
      .read(Math.floor((probe * source.length) / Math.min(16, source.length)))
      .catch(skipBroken);
    if (image) images.push(image);
  }
  if (images.length === 0)
    throw new UserError(`none of the sampled images can be decoded; is ${source.name(0)} an image?`);
  const channels = images.every(isGrey) ? 1 : 3;
  const sides = images.flatMap(({ width, height }) => [width, height]);
  const [smallest, largest] = [Math.min(...sides), Math.max(...sides)];
  const drawing = channels === 1 && images.every(isLineDrawing);
  const imageSize =
    smallest === largest && largest <= 96 ? largest : Math.max(16, Math.min(96, Math.floor(smallest / 16) * 16));
  return {
    channels,
    imageSize,
    augmentation: drawing ? "drawing" : "photo",
    ...(channels === 1 ? greyLevels(images) : {}),
  };
}

/** Mean and deviation of all pixels; in a set of drawings the mean is close to the paper's value. */
function greyLevels(images: readonly Image[]): { mean: number[]; std: number[] } {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const { data } of images)
    for (const value of data) {
      count++;
      sum += value / 255;
      squares += (value / 255) ** 2;
    }
  const mean = sum / count;
  const std = Math.max(0.05, Math.sqrt(Math.max(0, squares / count - mean * mean)));
  return { mean: [Number(mean.toFixed(4))], std: [Number(std.toFixed(4))] };
}

const isGrey = ({ channels, data }: Image): boolean => {
  if (channels === 1) return true;
  for (let at = 0; at < data.length; at += 3) if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false;
  return true;
};

/** Whether nearly all pixels are ink or paper. */
function isLineDrawing({ data }: Image): boolean {
  let extreme = 0;
  for (const value of data) if (value < 16 || value > 239) extreme++;
  return extreme > 0.9 * data.length;
}
