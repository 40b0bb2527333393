import type { RunFiles } from "../../data/modality.ts";
import { deviation, statisticsOf } from "./learn.ts";
import type { SeriesOptions } from "./options.ts";
import { cutSeries, eachRow, type Series } from "./series.ts";
import { chosen } from "./transforms/channels.ts";
import { resampled } from "./transforms/resample.ts";

/** How a settled set of options reads series. */
export interface Preparation {
  readonly channels: readonly string[];
  readonly window: number;
  /** The series as the encoder knows it, of any length: its channels at its step, normalised. A view as it is. */
  heard(series: Series): Series;
  /** `window` steps of it: a view as it is, else its end, with nothing after a shorter one. */
  windowOf(series: Series): Series;
}

export function preparation(options: SeriesOptions, files?: RunFiles): Preparation {
  const channels = channelsOf(options);
  const { window, step, normalize } = options;
  const { mean, std } = statisticsOf({ ...options, channels: [...channels] }, files);
  const normalized = (series: Series): Series => {
    if (normalize === "none") return series;
    return eachRow(series, (row, channel) => {
      const [center, scale] = normalize === "data" ? [mean[channel] ?? 0, std[channel] ?? 1] : momentsOf(row);
      return row.map((value) => (value - center) / scale);
    });
  };
  const heard = (series: Series): Series =>
    series.ready ? series : { ...normalized(resampled(chosen(series, channels), step)), ready: true };
  return {
    channels,
    window,
    heard,
    windowOf(series) {
      if (series.ready) return series;
      const recent = resampled(chosen(series, channels), step);
      const end = cutSeries(recent, Math.max(0, recent.length - window), window);
      return heard(end);
    },
  };
}

/** The channels that are read; a single one without a name before the data are known. */
export const channelsOf = ({ channels }: Pick<SeriesOptions, "channels">): readonly string[] =>
  channels.length > 0 ? channels : ["1"];

/** Mean and deviation of the values that are there. */
export function momentsOf(row: Float32Array): [mean: number, std: number] {
  let [count, mean, squares] = [0, 0, 0];
  for (const value of row) {
    if (Number.isNaN(value)) continue;
    count++;
    const difference = value - mean;
    mean += difference / count;
    squares += difference * (value - mean);
  }
  return [mean, deviation(Math.sqrt(squares / Math.max(1, count)), mean)];
}
