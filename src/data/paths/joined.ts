import { Tally } from "../files/left-out.ts";
import { type Labels, labelsOf } from "../labels.ts";
import type { Source } from "../source.ts";
import { nameAt, type Place } from "./place.ts";

/** Where data lie: a path, or several with data of one kind, which are read as one source. `@list.txt` names a list of paths. */
export type Paths = string | readonly string[];

/** The manifest of a source that is made of others; structured-cloneable. */
export interface JoinedManifest {
  readonly kind: "several paths";
  readonly places: readonly Place[];
  /** Of each source, in their order. */
  readonly manifests: readonly unknown[];
  /** Entries of each path before they were cut. */
  readonly wholes: readonly number[];
  /** Labels of the whole entries, where a table gives them. */
  readonly labels?: Labels | undefined;
}

export const isJoined = (manifest: unknown): manifest is JoinedManifest =>
  typeof manifest === "object" && manifest !== null && "kind" in manifest && manifest.kind === "several paths";

/** Where each of so many begins, and the end of the last. */
function startsOf(lengths: readonly number[]): Float64Array {
  const starts = new Float64Array(lengths.length + 1);
  for (const [at, length] of lengths.entries()) starts[at + 1] = starts[at]! + length;
  return starts;
}

/** The last of `starts` that is not above an index. */
function placeOf(starts: Float64Array, index: number): number {
  let [low, high] = [0, starts.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The sources that a source is made of; of one path, itself. */
export const sourcesOf = <Sample>(source: Source<Sample>): readonly Source<Sample>[] => source.sources ?? [source];

/** Which of the sources that a source is made of an entry is in, and its index there. */
export function placeIn(source: Source<unknown>, index: number): { place: number; index: number } {
  let rest = index;
  for (const [place, { length }] of sourcesOf(source).entries()) {
    if (rest < length) return { place, index: rest };
    rest -= length;
  }
  throw new Error(`no entry ${index}`);
}

/** What joining adds to the sources. */
interface Joining extends Pick<JoinedManifest, "places" | "wholes" | "labels"> {
  contents?(): Promise<string>;
  /** Whether the source at a place is closed with the joined one; by default all are. */
  closes?(at: number): boolean;
}

/** Numbers that are equal only within a source, apart: those of the first, then those of the second. */
function apart(columns: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(columns.reduce((sum, { length }) => sum + length, 0));
  let [start, first] = [0, 0];
  for (const column of columns) {
    all.set(
      column.map((value) => value + first),
      start,
    );
    start += column.length;
    first += column.reduce((most, value) => Math.max(most, value + 1), 0);
  }
  return all;
}

/** A field of every source; undefined unless all have it. */
function ofAll<Sample, Value>(
  sources: readonly Source<Sample>[],
  field: (source: Source<Sample>) => Value | undefined,
): Value[] | undefined {
  const found = sources.map(field).filter((value) => value !== undefined);
  return found.length === sources.length ? found : undefined;
}

/** One source of several: the entries of the first, then those of the second. Labels are those of each, by the names of classes. */
export function joined<Sample>(sources: readonly Source<Sample>[], joining: Joining): Source<Sample> {
  const { places, wholes, labels: given, contents, closes = () => true } = joining;
  const starts = startsOf(sources.map(({ length }) => length));
  const wholeStarts = startsOf(wholes);
  const at = <Value>(index: number, of: (source: Source<Sample>, own: number, place: number) => Value): Value => {
    const place = placeOf(starts, index);
    return of(sources[place]!, index - starts[place]!, place);
  };
  const length = starts.at(-1)!;
  const wholeAt = (index: number) =>
    at(index, (source, own, place) => wholeStarts[place]! + (source.whole?.(own) ?? own));
  const isCut = sources.some(({ whole }) => whole !== undefined);
  const leftOut = new Tally();
  for (const [place, source] of sources.entries())
    leftOut.addAll(
      (source.leftOut ?? []).map(({ example, ...others }) =>
        example === undefined ? others : { ...others, example: nameAt(places[place]!, example) },
      ),
    );
  const notes = new Set(sources.flatMap((source) => source.notes ?? []));
  const labels = given
    ? { classes: given.classes, labels: Int32Array.from({ length }, (_, index) => given.labels[wholeAt(index)] ?? -1) }
    : labelsOf(
        sources.flatMap(({ classes = [], labels: own, length: count }) =>
          own ? Array.from(own, (label) => classes[label]) : new Array<string | undefined>(count).fill(undefined),
        ),
      );
  const name = (index: number) => at(index, (source, own, place) => nameAt(places[place]!, source.name(own)));
  const [groupedBy, ...others] = sources.map((source) => source.groupedBy);
  const isGrouped = groupedBy !== undefined && others.every((other) => other === groupedBy);
  // Groups of a column are the same wherever they are: a patient. Others are called by what lies at the path.
  const group = (index: number) =>
    at(index, (source, own, place) => {
      const found = source.group?.(own) ?? source.name(own);
      return isGrouped ? found : nameAt(places[place]!, found);
    });
  const keys = ofAll(sources, (source) => source.keys);
  const perBatch = ofAll(sources, (source) => source.perBatch);
  return {
    sources,
    length,
    leftOut: leftOut.leftOut,
    notes: [...notes],
    ...labels,
    name,
    ...(isCut ? { whole: wholeAt } : {}),
    ...(sources.some((source) => source.group) ? { group } : {}),
    ...(isGrouped ? { groupedBy } : {}),
    ...(sources.some(({ column }) => column) ? { column: (of: string) => columnOf(sources, of) } : {}),
    ...(keys ? { keys: apart(keys) } : {}),
    ...(perBatch ? { perBatch: Math.min(...perBatch) } : {}),
    read: (index) => at(index, (source, own) => source.read(own)),
    ...(contents ? { contents } : {}),
    manifest: {
      kind: "several paths",
      ...{ places, wholes },
      ...(given ? { labels: given } : {}),
      manifests: sources.map(({ manifest }) => manifest),
    } satisfies JoinedManifest,
    async close() {
      for (const [place, source] of sources.entries()) if (closes(place)) await source.close();
    },
  };
}

/** What entries have in a column; undefined if no source has it. */
function columnOf(sources: readonly Source<unknown>[], name: string): readonly (string | undefined)[] | undefined {
  const columns = sources.map((source) => source.column?.(name));
  if (columns.every((column) => column === undefined)) return undefined;
  return sources.flatMap(({ length }, at) => columns[at] ?? new Array<undefined>(length).fill(undefined));
}

/**
 * Applies what works on the data of one path to each of several.
 * @param one gives another source, or its own; it does not close it
 * @returns the source itself if nothing changed
 */
export async function eachOf<Sample>(
  source: Source<Sample>,
  one: (source: Source<Sample>, place?: Place) => Promise<Source<Sample>>,
): Promise<Source<Sample>> {
  const { sources, manifest } = source;
  if (!sources || !isJoined(manifest)) return one(source);
  const changed: Source<Sample>[] = [];
  try {
    for (const [at, part] of sources.entries()) changed.push(await one(part, manifest.places[at]));
  } catch (error) {
    for (const [at, part] of changed.entries()) if (part !== sources[at]) await part.close();
    throw error;
  }
  if (changed.every((part, at) => part === sources[at])) return source;
  const { places, wholes, labels } = manifest;
  return joined(changed, { places, wholes, labels, closes: (at) => changed[at] !== sources[at] });
}
