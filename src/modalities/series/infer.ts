import type { Source } from "../../data/source.ts";
import { windowsOf } from "../../data/windows.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import type { SeriesOptions } from "./options.ts";
import type { Series } from "./series.ts";
import { isManifest, type SeriesManifest, seriesSource } from "./sources/entries.ts";
import { Collector, labelAt, type Store, seriesAt } from "./sources/store.ts";
import { isSame, resampled } from "./transforms/resample.ts";

/** Series that are looked at. */
const PROBES = 256;
/** Series that are all shorter are not cut. */
const LONGEST = 2048;
/** Window of longer series. */
const OF_LONG = 256;
/** Fewer series than this are cut, however short they are: there is nothing to learn from a handful of samples. */
const SEVERAL = 16;
/** Shortest window of them, and how many of it the longest has. */
const [SHORTEST, IN_LONGEST] = [32, 8];
/** Windows are multiples of this, so that the usual patches divide them; of 16 where patches are longer. */
const MULTIPLE = 8;
/** With fewer windows than this, they overlap. */
const FEW = 1000;

/** Channels, step, window and mask that follow from the data. */
export async function inferSeries(source: Source<Series>): Promise<Partial<SeriesOptions>> {
  const channels = new Set<string>();
  const steps: { step: number; length: number }[] = [];
  const all: Series[] = [];
  const probes = Math.min(PROBES, source.length);
  for (let probe = 0; probe < probes; probe++) {
    const series = await source.read(Math.floor((probe * source.length) / probes)).catch(skipBroken);
    if (!series) continue;
    for (const name of series.channels) channels.add(name);
    if (series.step !== undefined) steps.push({ step: series.step, length: series.length });
    all.push(series);
  }
  if (all.length === 0) throw new UserError(`none of the sampled series can be read; is ${source.name(0)} a series?`);
  const step = usualStep(steps);
  const lengths = all.map((series) => resampled(series, step).length).sort((a, b) => a - b);
  const [usual, longest] = [lengths[Math.floor((lengths.length - 1) * 0.95)]!, lengths.at(-1)!];
  // One odd series does not make all others mostly nothing.
  const whole = longest <= 1.5 * usual ? longest : usual;
  const isWhole = longest <= LONGEST && source.length >= SEVERAL;
  const short = Math.max(SHORTEST, Math.floor(longest / IN_LONGEST));
  const wanted = isWhole ? whole : Math.min(OF_LONG, whole, source.length < SEVERAL ? short : whole);
  const multiple = isWhole && whole > 512 ? 2 * MULTIPLE : MULTIPLE;
  const window = Math.max(MULTIPLE, Math.ceil(wanted / multiple) * multiple);
  const isPartial = all.some((series) => series.channels.length < channels.size || series.values.some(Number.isNaN));
  const mask = isPartial || (isWhole ? lengths[0]! < longest : lengths[0]! < window);
  return { channels: [...channels], window, mask, ...(step === undefined ? {} : { step }) };
}

/** The step of most of the readings: at a coarser one, those of the fine series would be lost. */
function usualStep(series: readonly { step: number; length: number }[]): number | undefined {
  const half = series.reduce((sum, { length }) => sum + length, 0) / 2;
  let passed = 0;
  return series
    .toSorted((a, b) => a.step - b.step)
    .find(({ length }) => {
      passed += length;
      return passed >= half;
    })?.step;
}

/** Series as windows, where they are longer than the encoder reads. */
export async function cutSource(
  source: Source<Series>,
  { window, step, hop }: SeriesOptions,
  onNote?: (note: string) => void,
): Promise<Source<Series>> {
  const { manifest } = source;
  if (!isManifest(manifest) || manifest.windows) return source;
  const store = step === undefined ? manifest.store : resampledStore(manifest.store, step, onNote);
  const lengths = store.entries.map((entry) => (entry.broken === undefined ? entry.length : undefined));
  const total = lengths.reduce<number>((sum, one = 0) => sum + one, 0);
  const overlap = hop ?? Math.max(1, Math.min(window, Math.floor(total / FEW)));
  const windows = windowsOf(lengths, window, overlap);
  if (windows.wholes.length > lengths.length)
    onNote?.(
      `${lengths.length.toLocaleString("en")} series are read as ${windows.wholes.length.toLocaleString("en")} windows of ${window} steps, one every ${overlap}`,
    );
  const cut: SeriesManifest = { ...manifest, store, windows };
  return seriesSource(cut);
}

/** The store with all series at one step. */
function resampledStore(store: Store, step: number, onNote?: (note: string) => void): Store {
  const { entries } = store;
  const differs = entries.filter((own) => own.broken === undefined && !isSame(own.step, step));
  if (differs.length === 0) return store;
  onNote?.(
    `${differs.length} of ${entries.length} series have other steps and are resampled to ${step} (the first: ${differs[0]!.name}, ${differs[0]!.step})`,
  );
  const collector = new Collector();
  entries.forEach((entry, index) => {
    const { name, group, label, broken } = entry;
    if (broken !== undefined) {
      collector.add({ name, group, ...(label === undefined ? {} : { label }), broken });
      return;
    }
    const whole = seriesAt(store, index);
    const series = resampled(whole, step);
    const factor = whole.length / series.length;
    const labels = Array.from({ length: series.length }, (_, at) => labelAt(store, index, Math.round(at * factor)));
    collector.add({
      ...{ name, group, channels: series.channels, length: series.length, values: series.values },
      ...(series.step === undefined ? {} : { step: series.step }),
      ...(label === undefined ? {} : { label }),
      ...(entry.steps === undefined ? {} : { stepLabels: labels }),
    });
  });
  return collector.end(store.leftOut, []);
}
