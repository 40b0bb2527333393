import { labelsOf } from "../../../data/labels.ts";
import type { Source } from "../../../data/source.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import type { Experience } from "../sample.ts";
import { arraysOf, BROKEN, episodeAt, frameName, OF_EPISODE, type Store, sharedWholes } from "./store.ts";

/** Frames of a recording as entries; structured-cloneable. */
export interface ExperienceManifest {
  readonly store: Store;
  /** Int32: rows that are entries; −1 − n for the n-th that is broken. */
  readonly entries: SharedArrayBuffer;
  /** Of entries that were chosen among others: their indices there. */
  readonly wholes?: SharedArrayBuffer;
  /** The label of every row, if there are labels. */
  readonly labels?: readonly (string | undefined)[];
  readonly groupedBy?: string;
  /** What must not be split, of every row; by default the episode. */
  readonly groups?: readonly (string | undefined)[];
}

export const isManifest = (manifest: unknown): manifest is ExperienceManifest =>
  typeof manifest === "object" && manifest !== null && "store" in manifest && "entries" in manifest;

/** Every frame that an action follows, and after them what is broken. */
export function entriesOf(store: Store): SharedArrayBuffer {
  const { flags, episodes } = arraysOf(store);
  const rows: number[] = [];
  for (let place = 0; place < episodes.length / OF_EPISODE; place++) {
    const { first, steps } = episodeAt(store, place);
    for (let row = first; row < first + steps; row++) if (!(flags[row]! & BROKEN)) rows.push(row);
  }
  return sharedWholes([...rows, ...store.broken.map((_, at) => -1 - at)]);
}

/** The name of a row: `episode-000012/frame-000003`. */
export function rowName(store: Store, row: number): string {
  const { number, first, from } = episodeAt(store, arraysOf(store).places[row]!);
  return frameName(number, from + row - first);
}

/** A source over a manifest. */
export function experienceSource(manifest: ExperienceManifest): Source<Experience> {
  const { store, labels, groups, groupedBy } = manifest;
  const entries = new Int32Array(manifest.entries);
  const wholes = manifest.wholes && new Int32Array(manifest.wholes);
  const brokenAt = (row: number) => store.broken[-1 - row];
  const labelled = labels && labelsOf(Array.from(entries, (row) => (row < 0 ? undefined : labels[row])));
  const { further, places } = arraysOf(store);
  return {
    length: entries.length,
    ...(store.leftOut.length > 0 ? { leftOut: store.leftOut } : {}),
    ...(store.notes.length > 0 ? { notes: store.notes } : {}),
    ...labelled,
    ...(groupedBy === undefined ? {} : { groupedBy }),
    ...(wholes ? { whole: (index: number) => wholes[index]! } : {}),
    name(index) {
      const row = entries[index]!;
      return row < 0 ? (brokenAt(row)?.name ?? "") : rowName(store, row);
    },
    group(index) {
      const row = entries[index]!;
      if (row < 0) return brokenAt(row)?.name.split("/")[0] ?? "";
      return groups?.[row] ?? `episode ${episodeAt(store, places[row]!).number}`;
    },
    column(name) {
      const at = store.extras.indexOf(name);
      if (at < 0) return undefined;
      return Array.from(entries, (row) => {
        const value = row < 0 ? Number.NaN : further[row * store.extras.length + at]!;
        return Number.isNaN(value) ? undefined : numberText(value);
      });
    },
    async read(index) {
      const row = entries[index]!;
      if (row < 0) throw new BrokenSample(brokenAt(row)?.reason ?? "damaged");
      return { store, row };
    },
    manifest,
    close: async () => undefined,
  };
}

/** A float32 as people write it. */
export const numberText = (value: number): string => String(Number(value.toPrecision(7)));
