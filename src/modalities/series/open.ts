import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Tally } from "../../data/files/left-out.ts";
import { labelsFromFolders, labelsFromTable } from "../../data/labels.ts";
import type { Recognition } from "../../data/modality.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { openPaths } from "../../data/paths/open.ts";
import { exceptOf, type OpenOptions, type Source } from "../../data/source.ts";
import { firstCells, isMissing, numberIn } from "../../data/tables/cells.ts";
import { BrokenSample, messageOf, UserError } from "../../foundation/errors.ts";
import { temporaryFolder } from "../../foundation/temporary.ts";
import type { Series } from "./series.ts";
import { isArff } from "./sources/arff.ts";
import { rolesOf } from "./sources/columns.ts";
import { isManifest, seriesSource } from "./sources/entries.ts";
import { filesAt } from "./sources/files.ts";
import { isNpy } from "./sources/npy.ts";
import { holdsArrays } from "./sources/npz.ts";
import { formatOf, PROBE, readSeries, startOf } from "./sources/read.ts";
import { Collector } from "./sources/store.ts";
import { isUcr } from "./sources/ucr.ts";

/**
 * Opens series: a file, a folder or zip archives of them, in which sub-folders are labels. A table is one series, or one for
 * each value of the column `by`.
 * @throws UserError when there are none
 */
export async function openSeries(path: string, options: OpenOptions = {}): Promise<Source<Series>> {
  const { labels: table } = options;
  using listed = await filesAt(path, exceptOf(options));
  const { files, isFolder } = listed;
  const collector = new Collector();
  const tally = new Tally();
  const notes = new Set<string>();
  let hasGroups = false;
  tally.addAll(listed.leftOut);
  for (const { name, path: file, shown } of files) {
    try {
      if (file instanceof BrokenSample) throw file;
      const own = files.length === 1 && options.by !== undefined ? "" : name;
      const read = await readSeries(file, own, !isFolder, options);
      for (const found of read.found) {
        collector.add(found);
        hasGroups ||= found.group !== undefined;
      }
      tally.addAll(read.leftOut.leftOut);
      for (const note of read.notes) notes.add(note);
    } catch (error) {
      // One file that is not one of series must not keep the others from being read.
      if (!(error instanceof UserError || error instanceof BrokenSample)) throw error;
      const reason = file instanceof BrokenSample ? error.message : messageOf(error).replace(`${file}: `, "");
      if (files.length === 1) throw new UserError(`${shown}: ${reason}`);
      collector.add({ name, broken: reason });
    }
  }
  const store = collector.end(tally.leftOut, [...notes]);
  const entryNames = store.entries.map(({ name }) => name);
  const hasOwn = store.entries.some(({ label }) => label !== undefined);
  const given = table
    ? await labelsFromTable(table, entryNames)
    : isFolder && !hasOwn
      ? labelsFromFolders(entryNames)
      : undefined;
  const labels = given && Array.from(given.labels, (label) => given.classes[label]);
  const { group } = options;
  return seriesSource({
    store,
    ...(labels ? { labels } : {}),
    ...(group !== undefined && hasGroups ? { groupedBy: group } : {}),
  });
}

/** Opens series for as long as `use` needs them. @throws UserError as `openSeries` */
export async function withSeries<Result>(
  path: Paths,
  options: OpenOptions,
  use: (source: Source<Series>) => Promise<Result>,
): Promise<Result> {
  const source = await openPaths({ open: openSeries }, path, options);
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

export async function reopenSeries(manifest: unknown): Promise<Source<Series>> {
  if (!isManifest(manifest)) throw new Error("not the manifest of series");
  return seriesSource(manifest);
}

/** Files of a folder that are looked into. */
const LOOKED = 3;

/** Certain of the archives' formats, and of tables with a column of times and numbers; tables of numbers may be anything. */
export async function recognisesSeries(path: string): Promise<Recognition> {
  const listed = await filesAt(path, undefined, LOOKED).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  if (!listed) return undefined;
  using some = listed;
  for (const { path: file } of some.files.slice(0, LOOKED)) {
    const recognition = file instanceof BrokenSample ? undefined : await recognisesFile(file);
    if (recognition) return recognition;
  }
  return undefined;
}

async function recognisesFile(path: string): Promise<Recognition> {
  const format = formatOf(path, false);
  if (format === "npy") return isNpy(await startOf(path)) ? "certain" : undefined;
  if (format === "arff") return isArff((await startOf(path)).toString("utf8")) ? "certain" : undefined;
  if (format === "npz") return (await holdsArrays(path)) ? "certain" : undefined;
  if (format === "ucr") return isUcr((await startOf(path)).toString("utf8")) ? "certain" : undefined;
  if (!format) return undefined;
  const first = await firstCells(path, format);
  if (!first) return undefined;
  try {
    const { columns, rows } = first;
    const roles = rolesOf(path, columns, rows, {});
    const valued = roles.long ? [roles.long.value] : roles.channels;
    const numbers = valued.filter((at) => {
      const cells = rows.slice(0, 100).map(({ cells }) => cells[at]);
      return cells.every((cell) => numberIn(cell) !== undefined) && cells.some((cell) => !isMissing(cell));
    });
    if (numbers.length === 0) return undefined;
    if (roles.time !== undefined) return "certain";
    return numbers.length > valued.length / 2 ? "possible" : undefined;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** What a file that is sent is called here, by its first bytes. */
function nameFor(bytes: Uint8Array): string {
  if (isNpy(bytes)) return "sent.npy";
  if (Buffer.from(bytes.subarray(0, 4)).toString("latin1") === "PK\u0003\u0004") return "sent.npz";
  const start = Buffer.from(bytes.subarray(0, PROBE))
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .trimStart();
  if (start.startsWith("PAR1")) return "sent.parquet";
  if (start.startsWith("{")) return "sent.jsonl";
  if (isArff(start)) return "sent.arff";
  if (start.startsWith("[")) return "sent.json";
  return isUcr(start) ? "sent.ts" : "sent.csv";
}

/** A source of one series from the bytes of its file. */
export function givenSeries(bytes: Uint8Array, name: string): Source<Series> {
  let read: Promise<Series> | undefined;
  const decode = async (): Promise<Series> => {
    using folder = temporaryFolder();
    const path = join(folder.path, nameFor(bytes));
    await writeFile(path, bytes);
    try {
      const source = await openSeries(path);
      if (source.length > 1) throw new BrokenSample(`${source.length} series; send one at a time`);
      return await source.read(0);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new BrokenSample(messageOf(error).replaceAll(`${path}: `, ""));
    }
  };
  return {
    length: 1,
    name: () => name,
    read: () => (read ??= decode()),
    manifest: undefined,
    close: async () => undefined,
  };
}
