/** Values of several channels at regular steps of time. */
export interface Series {
  /** Names of the channels. */
  readonly channels: readonly string[];
  /** Number of steps. */
  readonly length: number;
  /** `[channels, length]`; NaN where a value is missing. */
  readonly values: Float32Array;
  /** Time from one step to the next: seconds, or the unit of the column with the times; unknown without one. */
  readonly step?: number;
  /** A view, or a part of one: its channels are the encoder's, its values normalised, and it is not cut again. */
  readonly ready?: boolean;
}

/** The values of one channel. */
export const rowOf = ({ values, length }: Pick<Series, "values" | "length">, channel: number): Float32Array =>
  values.subarray(channel * length, (channel + 1) * length);

/** Applies a change to every channel, which may change the length. */
export function eachRow(
  series: Series,
  change: (row: Float32Array, channel: number) => Float32Array,
  length = series.length,
): Series {
  const values = new Float32Array(series.channels.length * length);
  series.channels.forEach((_, channel) => {
    values.set(change(rowOf(series, channel), channel), channel * length);
  });
  return { ...series, length, values };
}

/** `length` steps from `start`; missing where there are none. */
export const cutSeries = (series: Series, start: number, length: number): Series =>
  start === 0 && length === series.length
    ? series
    : eachRow(
        series,
        (row) => {
          const part = new Float32Array(length).fill(Number.NaN);
          const from = Math.max(0, start);
          const end = Math.min(row.length, start + length);
          if (from < end) part.set(row.subarray(from, end), from - start);
          return part;
        },
        length,
      );

/**
 * The values at places between steps, linearly; missing where both neighbours are, or outside, else the one that is there.
 * @param places in steps
 */
export const sampledAt = (series: Series, places: Float64Array): Series =>
  eachRow(
    series,
    (row) =>
      Float32Array.from(places, (place) => {
        const below = Math.floor(place);
        const share = place - below;
        const [one = Number.NaN, other = Number.NaN] = [row[below], row[below + 1]];
        if (share === 0 || Number.isNaN(other)) return share > 0.5 && Number.isNaN(other) ? other : one;
        if (Number.isNaN(one)) return share < 0.5 ? one : other;
        return one + share * (other - one);
      }),
    places.length,
  );

/** The steps from `start` to `end`, stretched or pressed to `length`. */
export const stretched = (series: Series, start: number, end: number, length: number): Series =>
  sampledAt(
    series,
    Float64Array.from({ length }, (_, at) => start + (length === 1 ? 0 : (at * (end - 1 - start)) / (length - 1))),
  );

export const countOf = (values: Float32Array): number =>
  values.reduce((count, value) => count + Number(!Number.isNaN(value)), 0);
