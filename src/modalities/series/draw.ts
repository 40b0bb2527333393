import type { Picture } from "../../data/picture.ts";

/** Size of pictures of series; more channels make it higher. */
const WIDTH = 160;
const HEIGHT = 96;
const LANE = 24;
/** Channels that are drawn. */
const MOST_LANES = 16;

/** Colours of the lines (Okabe and Ito's, which the colour-blind can tell apart, without black). */
const COLOURS = [
  [86, 180, 233],
  [230, 159, 0],
  [0, 158, 115],
  [240, 228, 66],
  [213, 94, 0],
  [204, 121, 167],
] as const;
/** Behind steps without a value. */
const SHADE = [64, 64, 64] as const;
const BACKGROUND = [16, 16, 16] as const;

/**
 * Lines of a series' channels, one below the other; steps without a value are shaded.
 * @param values `[channels, length]`; NaN where a value is missing
 * @param range least and greatest value at the edges of a channel's lane; by default its own
 */
export function drawLines(
  values: ArrayLike<number>,
  channels: number,
  length: number,
  range?: readonly [number, number],
): Picture {
  const lanes = Math.min(channels, MOST_LANES);
  const height = Math.max(HEIGHT, lanes * LANE);
  const rgb = new Uint8Array(3 * WIDTH * height);
  const paint = (row: number, column: number, colour: readonly number[]) => rgb.set(colour, 3 * (row * WIDTH + column));
  for (let lane = 0; lane < lanes; lane++) {
    const [top, bottom] = [Math.floor((lane * height) / lanes), Math.floor(((lane + 1) * height) / lanes) - 1];
    const at = (step: number) => values[lane * length + step] ?? Number.NaN;
    const [low, high] = range ?? extremes(length, at);
    const rowOf = (value: number) => {
      const share = high > low ? (value - low) / (high - low) : 0.5;
      return Math.round(bottom - 1 - Math.max(0, Math.min(1, share)) * Math.max(0, bottom - top - 2));
    };
    let before: number | undefined;
    for (let column = 0; column < WIDTH; column++) {
      const from = Math.min(length - 1, Math.floor((column * length) / WIDTH));
      const to = Math.max(from + 1, Math.floor(((column + 1) * length) / WIDTH));
      let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      let isMissing = false;
      for (let step = from; step < to; step++) {
        const value = at(step);
        if (Number.isNaN(value)) isMissing = true;
        else {
          least = Math.min(least, rowOf(value));
          most = Math.max(most, rowOf(value));
        }
      }
      for (let row = top; row < bottom; row++) paint(row, column, isMissing ? SHADE : BACKGROUND);
      if (most < least) {
        before = undefined;
        continue;
      }
      // Joined to the column before.
      const [first, last] = before === undefined ? [least, most] : [Math.min(least, before), Math.max(most, before)];
      for (let row = first; row <= last; row++) paint(row, column, COLOURS[lane % COLOURS.length]!);
      before = rowOf(at(to - 1));
      if (!Number.isFinite(before)) before = undefined;
    }
  }
  return { width: WIDTH, height, rgb };
}

function extremes(length: number, at: (step: number) => number): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let step = 0; step < length; step++) {
    const value = at(step);
    if (Number.isNaN(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}
