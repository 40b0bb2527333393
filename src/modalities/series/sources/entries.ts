import { createHash } from "node:crypto";
import { labelsOf } from "../../../data/labels.ts";
import type { Source } from "../../../data/source.ts";
import type { Windows } from "../../../data/windows.ts";
import { cutSeries, type Series } from "../series.ts";
import { labelAt, type Store, seriesAt } from "./store.ts";

/** Structured-cloneable. */
export interface SeriesManifest {
  readonly store: Store;
  /** Of each whole series, where they come from a table of labels or from folders; else the store has them. */
  readonly labels?: readonly (string | undefined)[];
  readonly windows?: Windows;
  /** The column that the groups come from. */
  readonly groupedBy?: string;
}

export const isManifest = (value: unknown): value is SeriesManifest =>
  typeof value === "object" && value !== null && "store" in value;

/** Step at which a window begins: `pump 3@128`. */
const SEPARATOR = "@";

/** Whole series, or the windows of series. */
export function seriesSource(manifest: SeriesManifest): Source<Series> {
  const { store, labels, windows, groupedBy } = manifest;
  const { entries } = store;
  const count = new Int32Array(entries.length);
  for (const entry of windows?.wholes ?? []) count[entry]!++;
  const wholeOf = (index: number): number => (windows ? windows.wholes[index]! : index);
  const isPart = (index: number): boolean => windows !== undefined && count[wholeOf(index)]! > 1;
  const length = windows ? windows.wholes.length : entries.length;
  const labelOf = (index: number): string | undefined => {
    const whole = wholeOf(index);
    if (labels) return labels[whole];
    return isPart(index) ? labelAt(store, whole, windows!.starts[index]! + windows!.length - 1) : entries[whole]!.label;
  };
  return {
    length,
    leftOut: store.leftOut,
    notes: store.notes,
    ...labelsOf(Array.from({ length }, (_, index) => labelOf(index))),
    name(index) {
      const whole = entries[wholeOf(index)];
      if (!whole) return `entry ${index}`;
      return isPart(index) ? `${whole.name}${SEPARATOR}${windows!.starts[index]}` : whole.name;
    },
    whole: wholeOf,
    ...(groupedBy === undefined ? {} : { groupedBy }),
    group: (index) => entries[wholeOf(index)]!.group,
    async read(index) {
      const series = seriesAt(store, wholeOf(index));
      return isPart(index) ? cutSeries(series, windows!.starts[index]!, windows!.length) : series;
    },
    contents: async () => digestOf(store),
    manifest,
    close: async () => undefined,
  };
}

function digestOf({ entries, sets, values }: Store): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([entries, sets]));
  hash.update(new Uint8Array(values));
  return hash.digest("hex").slice(0, 16);
}
