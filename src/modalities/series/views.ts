import type { Rng } from "../../array/rng.ts";
import { wholeParts } from "../../data/patch-side.ts";
import type { PlayedOptions, Segment, SegmentOptions } from "../../data/time.ts";
import type { CropOptions } from "../../data/views.ts";
import type { SeriesOptions } from "./options.ts";
import type { Preparation } from "./prepare.ts";
import { cutSeries, eachRow, type Series } from "./series.ts";
import { jittered, magnitudeWarped, scaled } from "./transforms/noise.ts";
import { marginOf, played } from "./transforms/speed.ts";
import { permuted, reversed, timeWarped } from "./transforms/time.ts";

/** The views of series, for settled options. */
export function seriesViews(options: SeriesOptions, { window, heard, windowOf }: Preparation) {
  /** A random part of a series as it might have been recorded another time, `length` steps long. */
  const again = (
    series: Series,
    rng: Rng,
    scale: readonly [number, number],
    length: number,
    strength: number,
  ): Series => {
    const count = Math.max(2, Math.min(series.length, Math.round(rng.uniform(...scale) * series.length)));
    const start = rng.integer(0, Math.max(0, series.length - count));
    const end = Math.min(series.length, start + count);
    let view = timeWarped(series, rng, { start, end, length, deviation: options.timeWarp * strength });
    if (strength === 1 && rng.chance(options.permutation)) view = permuted(view, rng, options.parts);
    view = magnitudeWarped(view, rng, options.magnitudeWarp * strength);
    view = scaled(view, rng, options.scale * strength);
    view = jittered(view, rng, options.jitter * strength);
    return strength === 1 ? withoutSome(view, rng, options.channelDrop) : view;
  };

  /** What is there of a series, of at most a window, and what is left of the window after it. */
  const lengthOf = (series: Series, usual: number): number =>
    Math.max(2, Math.min(usual, Math.round((Math.min(series.length, window) * usual) / window)));
  const recent = (series: Series): Series => {
    const whole = heard(series);
    return whole.length > window ? cutSeries(whole, whole.length - window, window) : whole;
  };

  const augment = (series: Series, rng: Rng): Series => {
    const whole = recent(series);
    return cutSeries(again(whole, rng, options.cropScale, lengthOf(whole, window), 1), 0, window);
  };

  /** A quarter of what crops may leave out. */
  const most = [1 - (1 - options.cropScale[0]) / 4, 1] as const;
  const perturb = (series: Series, rng: Rng): Series => {
    const whole = recent(series);
    return cutSeries(again(whole, rng, most, lengthOf(whole, window), 1 / 3), 0, window);
  };

  const crop = (series: Series, rng: Rng, { extent, grid, scale = options.cropScale }: CropOptions): Series => {
    const whole = recent(series);
    const length = wholeParts(extent, window, grid?.at(-1));
    return cutSeries(again(whole, rng, [scale[0], scale[1]], lengthOf(whole, length), 1), 0, length);
  };

  const segments = (series: Series, rng: Rng, { count, extent, grid, gap = [0, 0] }: SegmentOptions): Segment[] => {
    const whole = heard(series);
    const length = wholeParts(extent, window, grid);
    const gaps = Array.from({ length: count - 1 }, () => Math.round(rng.uniform(...gap) * window));
    const total = count * length + gaps.reduce((sum, one) => sum + one, 0);
    let at = rng.integer(...startsOf(whole.length, length, total));
    return Array.from({ length: count }, (_, index) => {
      const [start, end] = [at / window, (at + length) / window];
      const segment = cutSeries(whole, at, length);
      at += length + (gaps[index] ?? 0);
      return { segment, start, end };
    });
  };

  /** The values that are there, without the empty steps after them. */
  const withoutRest = (series: Series): Series => {
    const shown = windowOf(series);
    const { length, values } = shown;
    let end = length;
    const isEmpty = (step: number) =>
      shown.channels.every((_, channel) => Number.isNaN(values[channel * length + step]!));
    while (end > 1 && isEmpty(end - 1)) end--;
    return cutSeries(shown, 0, end);
  };
  const within = (change: (series: Series) => Series) => (series: Series) =>
    cutSeries(change(withoutRest(series)), 0, window);

  const reverse = within(reversed);

  const speed = (series: Series, rng: Rng, factor: number, { extent = 1, grid }: PlayedOptions = {}): Series => {
    const whole = heard(series);
    const length = wholeParts(extent, window, grid);
    // As many steps as a series of this length has at a speed of 1 / extent, whatever the speed: else the steps missing after
    // a short series, or one that is a little shorter than the window, would tell it.
    const shown = Math.min(length, Math.max(2, Math.floor(((whole.length - 1) * length) / window) + 1));
    const needed = Math.ceil((shown - 1) * factor) + 1;
    // Away from the ends, where there is room, since they are smoothed over less.
    const margin = Math.min(marginOf(factor), Math.floor(Math.max(0, whole.length - needed) / 2));
    const start = rng.integer(margin, Math.max(margin, whole.length - needed - margin));
    return cutSeries(played(whole, rng, start, factor, shown), 0, length);
  };

  const changes: Readonly<Record<string, (series: Series, rng: Rng) => Series>> = {
    none: (series) => series,
    noise: (series, rng) => jittered(series, rng, 0.5),
    scaled: (series, rng) => {
      const factor = rng.chance(0.5) ? rng.uniform(1.5, 2) : rng.uniform(0.4, 0.7);
      return eachRow(series, (row) => row.map((value) => value * factor));
    },
    negated: (series) => eachRow(series, (row) => row.map((value) => -value)),
    reversed,
    shuffled: (series, rng) => permuted(series, rng, 8),
    warped: (series, rng) =>
      timeWarped(series, rng, { start: 0, end: series.length, length: series.length, deviation: 0.6 }),
  };
  const distortions = {
    names: Object.keys(changes),
    strong: ["shuffled", "noise"],
    distort: (series: Series, rng: Rng, name: string): Series => {
      const change = changes[name];
      if (!change) throw new Error(`no distortion ${name}`);
      return within((shown) => change(shown, rng))(series);
    },
  };

  return { augment, perturb, crop, segments, reverse, speed, distortions } as const;
}

/**
 * First and last step at which segments of `length` steps, `total` from the start of the first to the end of the last, may
 * begin. In a shorter series some of them lie partly outside; the first and the last show half of it where they can.
 */
function startsOf(there: number, length: number, total: number): [number, number] {
  if (there >= total) return [0, there - total];
  const shown = Math.min(length, Math.ceil(there / 2));
  const [least, most] = [shown - length, there - shown - (total - length)];
  const middle = Math.round((there - total) / 2);
  return least <= most ? [Math.max(least, there - total), Math.min(most, 0)] : [middle, middle];
}

/** Each channel is missing with this probability, but never all of them. */
function withoutSome(series: Series, rng: Rng, probability: number): Series {
  const { channels } = series;
  if (channels.length < 2 || probability === 0) return series;
  const kept = rng.integer(0, channels.length - 1);
  return eachRow(series, (row, channel) => {
    const isDropped = rng.chance(probability) && channel !== kept;
    return isDropped ? new Float32Array(row.length).fill(Number.NaN) : row;
  });
}
