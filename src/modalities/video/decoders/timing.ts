import type { Wish } from "./encoded.ts";

/** Frames of a clip of that length at a constant rate. */
export const framesIn = (seconds: number, rate: number): number => Math.max(1, Math.round(seconds * rate));

/**
 * Which of a clip's own frames are shown at a constant rate.
 * @param delays how long each is shown, in seconds
 * @returns the index of the frame for every moment, ascending
 */
export function shownAt(delays: readonly number[], { rate, part }: Pick<Wish, "rate" | "part">): Int32Array {
  const total = delays.reduce((sum, delay) => sum + delay, 0);
  const [start, seconds] = part ? [part.start, part.seconds] : [0, total];
  let index = 0;
  let end = delays[0] ?? 0;
  return Int32Array.from({ length: framesIn(seconds, rate) }, (_, at) => {
    // Delays are whole milliseconds: a moment just before a frame is its own.
    const moment = start + at / rate + 1e-4;
    while (end <= moment && index < delays.length - 1) end += delays[++index]!;
    return index;
  });
}
