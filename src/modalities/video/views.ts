import type { Rng } from "../../array/rng.ts";
import { patchSide, wholeParts } from "../../data/patch-side.ts";
import type { PlayedOptions, SegmentOptions } from "../../data/time.ts";
import type { CropOptions } from "../../data/views.ts";
import { type Image, withChannels } from "../../pixels/image.ts";
import { colorJitter, toGreyscale } from "../../pixels/transforms/color-jitter.ts";
import { horizontalFlip } from "../../pixels/transforms/flip.ts";
import { gaussianBlur } from "../../pixels/transforms/gaussian-blur.ts";
import { randomBox } from "../../pixels/transforms/random-resized-crop.ts";
import { resizeAndCentreCrop, resizedCrop } from "../../pixels/transforms/resize.ts";
import { type Clip, clipOf, eachFrame, frameOf, framesAt, placesFrom } from "./clip.ts";
import { changes } from "./distortions.ts";
import type { VideoOptions } from "./options.ts";

/** The frames from `start`, `step` apart, ready for the encoder, without augmentation. */
function prepared(clip: Clip, { imageSize, channels }: VideoOptions, places: readonly number[]): Clip {
  const frames = framesAt(clip, places).map((frame) => withChannels(resizeAndCentreCrop(frame, imageSize), channels));
  return { ...clipOf(frames, clip.rate), ready: true };
}

/** Where the middle `count` frames begin; before the first where there are fewer. */
const middle = (clip: Clip, count: number): number => Math.floor((clip.frames - count) / 2);

/** A clip's frames at the encoder's rate: places in one of another rate. */
const stepOf = (clip: Clip, { frameRate }: VideoOptions): number => clip.rate / frameRate;

/** The clip as the encoder sees it: its middle frames; those of a shorter one are followed by its last. */
export function prepare(clip: Clip, options: VideoOptions): Clip {
  if (clip.ready) return clip;
  const { frames } = options;
  const step = stepOf(clip, options);
  const start = Math.max(0, middle(clip, Math.round(frames * step)));
  return prepared(clip, options, placesFrom(start, frames, step));
}

/** The same box of every frame, at `side × side`, mirrored or not. */
function cutAlike(
  clip: Clip,
  places: readonly number[],
  options: VideoOptions,
  side: number,
  scale: readonly [number, number],
  rng: Rng,
): Clip {
  const box = randomBox(frameOf(clip, 0), scale, rng);
  const frames = framesAt(clip, places).map((frame) => resizedCrop(frame, box, side, side));
  const cut = clipOf(frames, clip.rate);
  // Mirrored from left to right, a sheet is one image.
  return rng.chance(options.flip) ? { ...cut, sheet: horizontalFlip(cut.sheet) } : cut;
}

/** Colour jitter, greyscale and blur, the same for all frames. */
function distort(clip: Clip, options: VideoOptions, rng: Rng): Clip {
  const { jitter } = options;
  let { sheet } = clip;
  if (rng.chance(options.jitterProbability)) {
    const strength = 0.8 * jitter;
    const strengths = { brightness: strength, contrast: strength, saturation: strength, hue: 0.2 * jitter };
    sheet = colorJitter(sheet, strengths, rng);
  }
  if (rng.chance(options.greyscale)) sheet = toGreyscale(sheet);
  const coloured = { ...clip, sheet };
  if (!rng.chance(options.blur)) return coloured;
  const kernel = Math.max(3, Math.floor(options.imageSize / 20) * 2 + 1);
  const sigma = rng.uniform(0.1, 2);
  return eachFrame(coloured, (frame) => gaussianBlur(frame, kernel, sigma));
}

/** The views of clips, for settled options. */
export function clipViews(options: VideoOptions) {
  const { frames: usual, imageSize, channels } = options;
  const ready = (clip: Clip): Clip => ({
    ...clip,
    sheet: withChannels(clip.sheet, channels),
    ready: true,
  });

  /** A random start for so many frames. */
  const anywhere = (clip: Clip, count: number, rng: Rng): number =>
    rng.integer(0, Math.max(0, clip.frames - Math.ceil(count)));

  const part = (clip: Clip, rng: Rng, count: number, side: number, scale: readonly [number, number]): Clip => {
    const step = stepOf(clip, options);
    const places = placesFrom(anywhere(clip, count * step, rng), count, step);
    return cutAlike(clip, places, options, side, scale, rng);
  };

  const augment = (clip: Clip, rng: Rng): Clip =>
    ready(distort(part(clip, rng, usual, imageSize, options.cropScale), options, rng));

  const perturb = (clip: Clip, rng: Rng): Clip => ready(part(clip, rng, usual, imageSize, options.cropScale));

  const crop = (clip: Clip, rng: Rng, { extent, grid, scale = options.cropScale }: CropOptions): Clip => {
    const unit = patchSide(imageSize, grid?.slice(-2));
    const side = unit * Math.max(1, Math.round((extent * imageSize) / unit));
    const count = wholeParts(extent, usual, grid?.at(-3));
    return ready(distort(part(clip, rng, count, side, scale), options, rng));
  };

  const segments = (clip: Clip, rng: Rng, { count, extent, grid, gap = [0, 0] }: SegmentOptions) => {
    const step = stepOf(clip, options);
    const length = wholeParts(extent, usual, grid);
    const gaps = Array.from({ length: count - 1 }, () => Math.round(rng.uniform(...gap) * usual));
    const total = count * length + gaps.reduce((sum, one) => sum + one, 0);
    let at = anywhere(clip, total * step, rng) / step;
    return Array.from({ length: count }, (_, index) => {
      const segment = prepared(clip, options, placesFrom(at * step, length, step));
      const start = at / usual;
      at += length + (gaps[index] ?? 0);
      return { segment, start, end: start + length / usual };
    });
  };

  const inOrder = (clip: Clip, order: readonly number[]): Clip => {
    const whole = prepare(clip, options);
    return { ...clipOf(framesAt(whole, order), whole.rate), ready: true };
  };

  const reverse = (clip: Clip): Clip => {
    const whole = prepare(clip, options);
    return inOrder(whole, placesFrom(0, whole.frames).toReversed());
  };

  const speed = (clip: Clip, rng: Rng, factor: number, { extent = 1, grid }: PlayedOptions = {}): Clip => {
    const step = stepOf(clip, options) * factor;
    const count = wholeParts(extent, usual, grid);
    return prepared(clip, options, placesFrom(anywhere(clip, count * step, rng), count, step));
  };

  const distortions = {
    names: Object.keys(changes),
    distort(clip: Clip, rng: Rng, name: string): Clip {
      const change = changes[name];
      if (!change) throw new Error(`no distortion ${name}`);
      const { places, frame } = change(usual, rng);
      const step = stepOf(clip, options);
      const start = Math.max(0, middle(clip, Math.round(usual * step)));
      const shown = prepared(
        clip,
        options,
        places?.map((place) => start + place * step) ?? placesFrom(start, usual, step),
      );
      return frame ? { ...eachFrame(shown, (image: Image) => frame(image)), ready: true } : shown;
    },
  };

  return { augment, perturb, crop, segments, reverse, speed, distortions } as const;
}
