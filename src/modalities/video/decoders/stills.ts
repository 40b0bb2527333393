import { basename } from "node:path/posix";
import type { Entries } from "../../../data/files/collection.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import { decode } from "../../../pixels/decode/decode.ts";
import { withChannels } from "../../../pixels/image.ts";
import { resized } from "./animated.ts";
import { type Encoded, LONGEST_SIDE } from "./encoded.ts";
import { shownAt } from "./timing.ts";

/** Frames a second of a folder of frames, which does not say: ffmpeg's. */
export const FOLDER_RATE = 25;

/** The number in a frame's name: `0001.jpg`, `frame-12.png`. */
const numberOf = (name: string): number | undefined => {
  const digits = /(\d+)\D*$/.exec(basename(name))?.[1];
  return digits === undefined ? undefined : Number(digits);
};

/** Frames in the order of their numbers, or of their names where one has none. */
export function inOrder(names: readonly string[], frames: readonly number[]): number[] {
  const numbers = new Map(frames.map((frame) => [frame, numberOf(names[frame]!)]));
  const isNumbered = frames.every((frame) => numbers.get(frame) !== undefined);
  return isNumbered ? [...frames].sort((a, b) => numbers.get(a)! - numbers.get(b)!) : [...frames];
}

/** A folder of frames. @param frames indices of its files, in order */
export function stills(entries: Entries, frames: readonly number[]): Encoded {
  const { names } = entries;
  const read = async (frame: number, shortSide = LONGEST_SIDE) => {
    try {
      return await decode(await entries.bytes(frame), shortSide);
    } catch (error) {
      if (error instanceof BrokenSample) throw new BrokenSample(`${basename(names[frame]!)}: ${error.message}`);
      throw error;
    }
  };
  return {
    async header() {
      if (frames.length < 2) throw new BrokenSample("one frame, and a clip has at least two");
      refuseGaps(names, frames);
      const { width, height } = await read(frames[0]!);
      if (Math.max(width, height) > LONGEST_SIDE)
        throw new BrokenSample(`frames of ${width} × ${height} pixels; at most ${LONGEST_SIDE} a side are decoded`);
      return { width, height, rate: FOLDER_RATE, seconds: frames.length / FOLDER_RATE };
    },
    async *decode({ width, height }, wish) {
      const delays = frames.map(() => 1 / FOLDER_RATE);
      let last: { readonly index: number; readonly data: Uint8Array } | undefined;
      for (const index of shownAt(delays, wish)) {
        if (last?.index !== index) {
          const image = await read(frames[index]!);
          if (image.width !== width || image.height !== height)
            throw new BrokenSample(
              `${basename(names[frames[index]!]!)} has ${image.width} × ${image.height} pixels, and the first frame ${width} × ${height}`,
            );
          last = { index, data: resized(withChannels(image, 3), wish) };
        }
        yield last.data;
      }
    },
  };
}

/** Numbers are equally far apart; a larger distance is a missing frame. */
function refuseGaps(names: readonly string[], frames: readonly number[]): void {
  const numbers = frames.map((frame) => numberOf(names[frame]!));
  if (numbers.includes(undefined)) return;
  const steps = numbers.slice(1).map((number, at) => number! - numbers[at]!);
  const step = Math.min(...steps);
  const gap = steps.findIndex((one) => one !== step);
  if (step === 0) {
    const at = steps.indexOf(0);
    throw new BrokenSample(
      `two frames of the number ${numbers[at]}: ${basename(names[frames[at]!]!)} and ${basename(names[frames[at + 1]!]!)}`,
    );
  }
  if (gap >= 0)
    throw new BrokenSample(`no frame ${numbers[gap]! + step}, between ${numbers[gap]} and ${numbers[gap + 1]}`);
}
