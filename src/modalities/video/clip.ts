import type { Image } from "../../pixels/image.ts";

/** Frames one after the other, equally far apart in time. */
export interface Clip {
  /** Frames a second. */
  readonly rate: number;
  /** At least one. */
  readonly frames: number;
  /** All frames, each below the one before. Its height is a multiple of their number. */
  readonly sheet: Image;
  /** A view: its frames are those that the encoder reads. */
  readonly ready?: boolean;
  /** What the file has, of clips that are not read from the cache. */
  readonly original?: Original;
}

/** A clip as its file has it. */
export interface Original {
  readonly width: number;
  readonly height: number;
  readonly rate: number;
  readonly seconds: number;
}

/** Frame `index` as an image that shares the clip's bytes. */
export function frameOf({ frames, sheet }: Clip, index: number): Image {
  const { width, channels, data } = sheet;
  const height = sheet.height / frames;
  const bytes = width * height * channels;
  return { width, height, channels, data: data.subarray(index * bytes, (index + 1) * bytes) };
}

/** A clip of these frames, which are of one size. */
export function clipOf(frames: readonly Image[], rate: number): Clip {
  const [first] = frames;
  if (!first) throw new Error("a clip of no frames");
  const { width, height, channels } = first;
  const bytes = width * height * channels;
  const data = new Uint8Array(bytes * frames.length);
  frames.forEach((frame, at) => {
    data.set(frame.data, at * bytes);
  });
  return { rate, frames: frames.length, sheet: { width, height: height * frames.length, channels, data } };
}

/** The frames at these places; places before the first and behind the last show those. */
export function framesAt(clip: Clip, places: readonly number[]): Image[] {
  return places.map((place) => frameOf(clip, Math.max(0, Math.min(clip.frames - 1, Math.floor(place)))));
}

/** `count` places from `start`, `step` apart. */
export const placesFrom = (start: number, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, at) => start + at * step);

/** Every frame changed alike. */
export const eachFrame = (clip: Clip, change: (frame: Image) => Image): Clip => ({
  ...clip,
  ...clipOf(
    Array.from({ length: clip.frames }, (_, index) => change(frameOf(clip, index))),
    clip.rate,
  ),
});
