import type { Tensor } from "../../array/tensor.ts";
import type { Frames } from "../../data/media.ts";
import type { Picture } from "../../data/picture.ts";
import type { Normalization } from "../../data/views.ts";
import { bytesOf, type Image, withChannels } from "../../pixels/image.ts";
import { resizeAndCentreCrop, resizedCrop } from "../../pixels/transforms/resize.ts";
import { type Clip, clipOf, frameOf, framesAt, placesFrom } from "./clip.ts";

/** Frames of a clip that are drawn, how many of them in a row, and the largest side of one. */
const FRAMES = 6;
const COLUMNS = 3;
const SIDE = 48;

/** Indices of frames spread evenly from the first to the last. */
const spread = (frames: number, most: number): number[] => {
  const count = Math.min(frames, most);
  return Array.from({ length: count }, (_, at) => Math.round((at * (frames - 1)) / Math.max(1, count - 1)));
};

/** Frames a second, and most frames, of clips on pages, and the longest side of one: some ten to hundred kilobytes. */
const PLAYED = { rate: 12, frames: 72, side: 144 };

/** The clip as a page plays it; of a longer one the beginning. */
export function playable(clip: Clip): Frames {
  const rate = Math.min(PLAYED.rate, clip.rate);
  const step = clip.rate / rate;
  const count = Math.max(1, Math.min(PLAYED.frames, Math.ceil(clip.frames / step)));
  const height = clip.sheet.height / clip.frames;
  const scale = Math.min(1, PLAYED.side / Math.max(clip.sheet.width, height));
  const size = [clip.sheet.width, height].map((extent) => Math.max(1, Math.round(extent * scale))) as [number, number];
  const { sheet } = clipOf(
    framesAt(clip, placesFrom(0, count, step)).map((frame) => {
      const whole = { top: 0, left: 0, width: frame.width, height: frame.height };
      return withChannels(scale < 1 ? resizedCrop(frame, whole, ...size) : frame, 3);
    }),
    rate,
  );
  const extents = { width: sheet.width, height: sheet.height / count };
  return { rgb: bytesOf(sheet), ...extents, count, delay: Math.round(1000 / rate) };
}

/** Frames of a clip, row by row. */
export function drawClip(clip: Clip): Picture {
  const side = Math.min(SIDE, clip.sheet.width, clip.sheet.height / clip.frames);
  return inRows(
    spread(clip.frames, FRAMES).map((index) => withChannels(resizeAndCentreCrop(frameOf(clip, index), side), 3)),
  );
}

/** Colour images of one size in rows, the first at the top left. */
function inRows(images: readonly Image[]): Picture {
  const { width = 0, height = 0 } = images[0] ?? {};
  const columns = Math.min(COLUMNS, images.length);
  const whole = width * columns;
  const rgb = new Uint8Array(3 * whole * height * Math.ceil(images.length / columns));
  images.forEach(({ data }, at) => {
    const [top, left] = [Math.floor(at / columns) * height, (at % columns) * width];
    for (let row = 0; row < height; row++)
      rgb.set(data.subarray(3 * row * width, 3 * (row + 1) * width), 3 * ((top + row) * whole + left));
  });
  return { width: whole, height: rgb.length / (3 * whole), rgb };
}

/** Normalised pixels `[channels, frames, rows, columns]` as frames, row by row. */
export function drawPixels({ dtype, shape, data }: Tensor, { mean, std }: Normalization): Picture | undefined {
  const [channels = 0, frames = 0, height = 0, width = 0] = shape;
  if (dtype !== "float32" || shape.length !== 4 || channels !== mean.length || Math.min(height, width) < 2)
    return undefined;
  const plane = height * width;
  return inRows(
    spread(frames, FRAMES).map((index): Image => {
      const bytes = new Uint8Array(3 * plane);
      for (let at = 0; at < plane; at++)
        for (let colour = 0; colour < 3; colour++) {
          const channel = channels === 1 ? 0 : colour;
          const value = data[(channel * frames + index) * plane + at]! * std[channel]! + mean[channel]!;
          bytes[3 * at + colour] = Math.max(0, Math.min(255, Math.round(value * 255)));
        }
      return { width, height, channels: 3, data: bytes };
    }),
  );
}
