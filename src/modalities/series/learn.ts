import * as z from "zod";
import type { RunFiles } from "../../data/modality.ts";
import type { Source } from "../../data/source.ts";
import { skipBroken } from "../../foundation/errors.ts";
import type { SeriesOptions } from "./options.ts";
import { rowOf, type Series } from "./series.ts";
import { chosen } from "./transforms/channels.ts";

const FILE = "statistics.json";
const Statistics = z.object({ mean: z.array(z.number()), std: z.array(z.number().positive()) });
export type Statistics = z.infer<typeof Statistics>;

/** Series that are measured. */
const MEASURED = 2048;

/** Mean and deviation of each channel, over the values that are there; a file for the run folder. */
export async function learnStatistics(source: Source<Series>, options: SeriesOptions): Promise<RunFiles> {
  if (options.normalize !== "data" || (options.mean && options.std)) return {};
  const { channels } = options;
  const zeros = () => channels.map(() => 0);
  const [counts, means, squares] = [zeros(), zeros(), zeros()];
  const measured = Math.min(MEASURED, source.length);
  for (let at = 0; at < measured; at++) {
    const series = await source.read(Math.floor((at * source.length) / measured)).catch(skipBroken);
    if (!series) continue;
    const picked = chosen(series, channels);
    for (const channel of channels.keys())
      for (const value of rowOf(picked, channel)) {
        if (Number.isNaN(value)) continue;
        // Welford's way: temperatures in kelvin differ little from their mean.
        counts[channel]!++;
        const difference = value - means[channel]!;
        means[channel]! += difference / counts[channel]!;
        squares[channel]! += difference * (value - means[channel]!);
      }
  }
  const std = squares.map((sum, channel) => deviation(Math.sqrt(sum / Math.max(1, counts[channel]!)), means[channel]!));
  const rounded = (value: number) => Number(value.toPrecision(8));
  return { [FILE]: JSON.stringify({ mean: means.map(rounded), std: std.map(rounded) }) };
}

/** A channel that hardly changes is not blown up to noise. */
export const deviation = (std: number, mean: number): number => (std > 1e-6 * Math.abs(mean) && std > 1e-12 ? std : 1);

/** The options' values, else those learned from the data, else none. */
export function statisticsOf({ mean, std, channels }: SeriesOptions, files: RunFiles = {}): Statistics {
  const text = files[FILE];
  const learned =
    text === undefined
      ? { mean: channels.map(() => 0), std: channels.map(() => 1) }
      : Statistics.parse(JSON.parse(text));
  return { mean: mean ?? learned.mean, std: std ?? learned.std };
}
