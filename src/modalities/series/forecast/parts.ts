import type { Source } from "../../../data/source.ts";
import { messageOf, skipBroken, UserError } from "../../../foundation/errors.ts";
import { momentsOf, type Preparation } from "../prepare.ts";
import { eachRow, type Series } from "../series.ts";
import { chosen } from "../transforms/channels.ts";
import { resampled } from "../transforms/resample.ts";

/** A series as the encoder reads it and as it is scored. */
export interface Track {
  readonly name: string;
  /** The encoder's channels at its step, normalised as it knows them. */
  readonly heard: Series;
  /** The same with mean 0 and deviation 1 in the part that is learned on; what is missing has the mean. */
  readonly scaled: Series;
  /** What brings `scaled` back to the data's units: × std + mean, by channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** The values themselves, NaN where missing. */
  readonly raw: Series;
}

/** Windows of a series in one of the parts of the data. */
export interface Part {
  readonly track: Track;
  /** The step after the last of each window. */
  readonly ends: readonly number[];
}

/** Where the parts to learn on, to choose on and to test on end: steps, or shares of a series. */
export type Split = readonly [learn: number, choose: number, test: number];

/**
 * The series of a source that can be read.
 * @param learned steps or share of each whose mean and deviation are the scale
 * @param onNote is told which are left out, and why
 * @throws UserError when none can be read
 */
export async function tracksOf(
  source: Source<Series>,
  { channels, heard }: Preparation,
  step: number | undefined,
  learned: number,
  onNote?: (note: string) => void,
): Promise<Track[]> {
  const all: Track[] = [];
  const broken: string[] = [];
  for (let index = 0; index < source.length; index++) {
    const series = await source.read(index).catch((error: unknown) => {
      skipBroken(error);
      broken.push(`${source.name(index)}: ${messageOf(error)}`);
      return undefined;
    });
    if (!series) continue;
    const raw = resampled(chosen(series, channels), step);
    all.push({ name: source.name(index), heard: heard(series), raw, ...standardized(raw, learned) });
  }
  if (all.length === 0) throw new UserError(`no series can be read; the first: ${broken[0]}`);
  for (const one of broken) onNote?.(`${one}; skipped`);
  return all;
}

const placeOf = (part: number, length: number): number =>
  Math.min(length, part <= 1 ? Math.round(part * length) : Math.round(part));

function standardized(series: Series, part: number): Pick<Track, "scaled" | "mean" | "std"> {
  const [means, stds]: [number[], number[]] = [[], []];
  const scaled = eachRow(series, (row) => {
    const [mean, std] = momentsOf(row.subarray(0, placeOf(part, row.length)));
    means.push(mean);
    stds.push(std);
    return row.map((value) => (Number.isNaN(value) ? 0 : (value - mean) / std));
  });
  return { scaled, mean: means, std: stds };
}

/** Ends of the windows whose whole horizon lies in a part; the window itself may begin in the part before. */
export function partOf(track: Track, window: number, horizon: number, split: Split, part: 0 | 1 | 2): Part {
  const { length } = track.scaled;
  const from = part === 0 ? 0 : placeOf(split[part - 1]!, length);
  const to = placeOf(split[part]!, length);
  const first = Math.max(window, from);
  return { track, ends: Array.from({ length: Math.max(0, to - horizon - first + 1) }, (_, at) => first + at) };
}

export const countOf = (parts: readonly Part[]): number => parts.reduce((sum, { ends }) => sum + ends.length, 0);

/** About `most` of the windows, evenly spaced. */
export function thinned(parts: readonly Part[], most: number): Part[] {
  const stride = Math.max(1, countOf(parts) / most);
  return parts.map(({ track, ends }) => ({
    track,
    ends: Array.from({ length: Math.ceil(ends.length / stride) }, (_, at) => ends[Math.floor(at * stride)]!),
  }));
}
