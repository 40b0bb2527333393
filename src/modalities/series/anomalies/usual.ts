import type { Source } from "../../../data/source.ts";
import { skipBroken, UserError } from "../../../foundation/errors.ts";
import type { Run } from "../../../training/run/run.ts";
import type { Series } from "../series.ts";
import { distanceTo, scalerOf, type Vectors } from "./neighbours.ts";

/** Usual windows that others are compared with. */
const BANK = 2000;

/** Where a window is from. */
export interface Place {
  /** Of the whole series. */
  readonly name: string;
  readonly start: number;
}

/** Windows in which all is as usual. */
export interface Usual {
  readonly series: readonly Series[];
  readonly places: readonly Place[];
  readonly window: number;
  /** Whether they are from the data that are looked through: a window is not compared with itself. */
  readonly isSame: boolean;
  /** Their values as the encoder reads them. */
  readonly raw: Vectors;
}

/** The values of windows as the encoder reads them, `[windows, channels × steps]`; what is missing is 0, the mean. */
export function rawRows(run: Run, windows: readonly Series[]): Float32Array {
  const dim = (run.modality.specs.series?.shape ?? []).reduce((product, extent) => product * extent, 1);
  const rows = new Float32Array(windows.length * dim);
  windows.forEach((window, at) => {
    rows.set(run.modality.tensors(window).series?.data ?? [], at * dim);
  });
  return rows;
}

/** Evenly spaced windows of usual data. @throws UserError when there are none */
export async function usualWindows(run: Run, source: Source<Series>, isSame: boolean): Promise<Usual> {
  const [channels = 1, window = 1] = run.modality.specs.series?.shape ?? [];
  const count = Math.min(BANK, source.length);
  const series: Series[] = [];
  const places: Place[] = [];
  for (let at = 0; at < count; at++) {
    const index = Math.floor((at * source.length) / count);
    const one = await source.read(index).catch(skipBroken);
    if (!one) continue;
    series.push(one);
    const [, name = source.name(index), start = "0"] = /^(.*)@(\d+)$/s.exec(source.name(index)) ?? [];
    places.push({ name, start: Number(start) });
  }
  if (series.length < 2) throw new UserError(`${run.path}: fewer than two usual windows; name more data with --usual`);
  const data = rawRows(run, series);
  return { series, places, window, isSame, raw: { data, rows: series.length, dim: channels * window } };
}

/**
 * How far windows are from the usual ones; see `distanceTo`.
 * @param bank vectors of the usual windows
 * @returns distances of windows at `places`, given the rows of their vectors, of the same width
 */
export function distancesTo(
  bank: Vectors,
  { places: usual, window, isSame }: Pick<Usual, "places" | "window" | "isSame">,
): (rows: Float32Array, places: readonly Place[]) => number[] {
  const { dim } = bank;
  const scale = scalerOf(bank);
  const scaled = { ...bank, data: new Float32Array(bank.data.length) };
  for (let row = 0; row < bank.rows; row++)
    scaled.data.set(scale(bank.data.subarray(row * dim, (row + 1) * dim)), row * dim);
  return (rows, places) =>
    places.map(({ name, start }, at) => {
      const overlaps = (row: number): boolean =>
        usual[row]!.name === name && Math.abs(usual[row]!.start - start) < window;
      return distanceTo(scaled, scale(rows.subarray(at * dim, (at + 1) * dim)), isSame ? overlaps : undefined);
    });
}

/**
 * The greatest distance of each step's values from the usual mean, in usual deviations, over the channels.
 * @returns scores of so many windows, given the rows of their values
 */
export function zScores({ raw, window }: Usual): (rows: Float32Array, count: number) => Float32Array[] {
  const channels = raw.dim / window;
  const means = new Float64Array(channels);
  const squares = new Float64Array(channels);
  const each = raw.rows * window;
  const channelOf = (at: number): number => Math.floor((at % raw.dim) / window);
  raw.data.forEach((value, at) => {
    means[channelOf(at)]! += value / each;
  });
  raw.data.forEach((value, at) => {
    squares[channelOf(at)]! += (value - means[channelOf(at)]!) ** 2 / each;
  });
  return (rows, count) =>
    Array.from({ length: count }, (_, row) =>
      Float32Array.from({ length: window }, (_unused, step) => {
        let most = 0;
        for (let channel = 0; channel < channels; channel++) {
          const value = rows[row * raw.dim + channel * window + step]!;
          most = Math.max(most, Math.abs(value - means[channel]!) / (Math.sqrt(squares[channel]!) || 1));
        }
        return most;
      }),
    );
}
