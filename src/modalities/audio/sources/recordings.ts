import { type Entries, type FilesManifest, filesOf } from "../../../data/files/collection.ts";
import type { Labels } from "../../../data/labels.ts";
import type { Source } from "../../../data/source.ts";
import type { Windows } from "../../../data/windows.ts";
import type { MemoryBudget } from "../../../foundation/memory.ts";
import { decode } from "../decode.ts";
import { cutWave, type Sound } from "../sound.ts";
import { openPcmCache, type PcmCache } from "./pcm-cache.ts";

/** Recordings, whole or cut into windows; structured-cloneable. */
export interface RecordingsManifest {
  readonly files: FilesManifest;
  readonly labels?: Labels;
  readonly cut?: { readonly cache: PcmCache; readonly windows: Windows };
}

/** Sound at a moment: `rec.flac@12.50s`. */
const SEPARATOR = "@";

/** The recording in the name of a window. */
export const recordingOf = (name: string): string => name.replace(/@\d+\.\d\ds$/, "");

/** Whole recordings at their own rate, decoded whenever they are read. */
export function recordingSource(entries: Entries, manifest: RecordingsManifest, memory?: MemoryBudget): Source<Sound> {
  return {
    length: entries.names.length,
    ...manifest.labels,
    name: (index) => entries.names[index] ?? `entry ${index}`,
    read: async (index) => decode(await entries.bytes(index), undefined, memory),
    contents: () => entries.contents(),
    manifest,
    close: () => entries.close(),
  };
}

/** Windows of recordings, which are decoded once into the cache. */
function windowSource(
  entries: Entries,
  manifest: RecordingsManifest,
  cut: NonNullable<RecordingsManifest["cut"]>,
): Source<Sound> {
  const { windows, cache } = cut;
  const { length, wholes: recordings, starts } = windows;
  const { rate } = cache;
  const pcm = openPcmCache(cache);
  const count = new Int32Array(entries.names.length);
  for (const recording of recordings) count[recording]!++;
  const { labels } = manifest;
  const name = (index: number) => {
    const recording = recordings[index];
    if (recording === undefined) return `entry ${index}`;
    const whole = entries.names[recording]!;
    return count[recording] === 1 ? whole : `${whole}${SEPARATOR}${(starts[index]! / rate).toFixed(2)}s`;
  };
  return {
    length: recordings.length,
    ...(labels ? { classes: labels.classes, labels: recordings.map((recording) => labels.labels[recording]!) } : {}),
    name,
    whole: (index) => recordings[index]!,
    async read(index) {
      const recording = recordings[index]!;
      const isOnly = count[recording] === 1;
      let samples = pcm.lengthOf(recording);
      if (samples === undefined) {
        const { wave } = await decode(await entries.bytes(recording), rate);
        pcm.store(recording, wave);
        samples = pcm.lengthOf(recording);
        // Another thread may be storing it at this moment.
        if (samples === undefined) return { rate, wave: isOnly ? wave : cutWave(wave, starts[index]!, length) };
      }
      return { rate, wave: isOnly ? pcm.read(recording, 0, samples) : pcm.read(recording, starts[index]!, length) };
    },
    contents: () => entries.contents(),
    manifest,
    async close() {
      pcm.close();
      await entries.close();
    },
  };
}

/** The source of a manifest. */
export function sourceOf(manifest: RecordingsManifest): Source<Sound> {
  const entries = filesOf(manifest.files);
  return manifest.cut ? windowSource(entries, manifest, manifest.cut) : recordingSource(entries, manifest);
}
