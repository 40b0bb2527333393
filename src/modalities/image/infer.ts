import type { Source } from "../../data/source.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import { canBecome, type Image, whiteOf, withBits, withChannels } from "../../pixels/image.ts";
import type { ImageOptions } from "./options.ts";

/** Options inferred from up to 16 of the images. */
export async function inferImages(source: Source<Image>): Promise<Partial<ImageOptions>> {
  const read: Image[] = [];
  for (let probe = 0; probe < Math.min(16, source.length); probe++) {
    const image = await source
      .read(Math.floor((probe * source.length) / Math.min(16, source.length)))
      .catch(skipBroken);
    if (image) read.push(image);
  }
  if (read.length === 0)
    throw new UserError(`none of the sampled images can be decoded; is ${source.name(0)} an image?`);
  const bits = bitsOf(read);
  const images = read.map((image) => withBits(image, bits));
  const channels = channelsOf(images);
  const sides = images.flatMap(({ width, height }) => [width, height]);
  const [smallest, largest] = [Math.min(...sides), Math.max(...sides)];
  const drawing = channels === 1 && images.every(isLineDrawing);
  const imageSize =
    smallest === largest && largest <= 96 ? largest : Math.max(16, Math.min(96, Math.floor(smallest / 16) * 16));
  return {
    channels,
    ...(bits > 8 ? { bits } : {}),
    imageSize,
    augmentation: drawing ? "drawing" : "photo",
    // ImageNet's statistics are those of photos of 8 bits.
    ...(channels !== 3 || bits > 8 ? statisticsIn(images, channels) : {}),
  };
}

/** 8 where all are of bytes; else the bits that the greatest of all samples of 16 bits needs, at least 9. */
function bitsOf(images: readonly Image[]): number {
  const deep = images.filter(({ data }) => whiteOf(data) > 255);
  if (deep.length === 0) return 8;
  let most = 0;
  for (const { data } of deep) for (const value of data) if (value > most) most = value;
  return Math.max(9, Math.ceil(Math.log2(most + 1)));
}

/** Least deviations that values are divided by: fewer bits have coarser steps. */
const LEAST_STD = { bytes: 0.05, deep: 0.001 };

/** Mean and deviation of each channel; in a set of drawings the mean is close to the paper's value. */
function statisticsIn(images: readonly Image[], channels: number): { mean: number[]; std: number[] } {
  const white = whiteOf(images[0]!.data);
  const counted = images
    .filter((image) => canBecome(image.channels, channels))
    .map((image) => withChannels(image, channels).data);
  const rounded = (value: number) => Number(value.toFixed(4));
  const moments = Array.from({ length: channels }, (_, channel) => {
    let count = 0;
    let sum = 0;
    let squares = 0;
    for (const data of counted)
      for (let at = channel; at < data.length; at += channels) {
        const value = data[at]! / white;
        count++;
        sum += value;
        squares += value ** 2;
      }
    const mean = sum / count;
    const least = white > 255 ? LEAST_STD.deep : LEAST_STD.bytes;
    return {
      mean: rounded(mean),
      std: rounded(Math.max(least, Math.sqrt(Math.max(0, squares / count - mean * mean)))),
    };
  });
  return { mean: moments.map(({ mean }) => mean), std: moments.map(({ std }) => std) };
}

/** Grey or colour, or the most frequent number of channels. */
function channelsOf(images: readonly Image[]): number {
  const counts = Map.groupBy(images, ({ channels }) => (canBecome(channels, 3) ? 3 : channels));
  const [most] = [...counts].sort(([, a], [, b]) => b.length - a.length)[0]!;
  return most === 3 && images.every(isGrey) ? 1 : most;
}

const isGrey = ({ channels, data }: Image): boolean => {
  if (channels !== 3) return channels === 1;
  for (let at = 0; at < data.length; at += 3) if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false;
  return true;
};

/** Whether nearly all pixels are ink or paper. */
function isLineDrawing({ data }: Image): boolean {
  const white = whiteOf(data);
  const [ink, paper] = [(16 / 255) * white, (239 / 255) * white];
  let extreme = 0;
  for (const value of data) if (value < ink || value > paper) extreme++;
  return extreme > 0.9 * data.length;
}
