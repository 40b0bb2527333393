import { open as openFile, readFile, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { Tally } from "../../data/files/left-out.ts";
import { listFiles, nothingTaken } from "../../data/files/listing.ts";
import { labelsFromFolders, labelsFromTable } from "../../data/labels.ts";
import type { Recognition } from "../../data/modality.ts";
import type { OpenOptions, Source } from "../../data/source.ts";
import { cellsOf, isMissing, numberIn } from "../../data/tables/cells.ts";
import { type TableFormat, tableFormats } from "../../data/tables/rows.ts";
import { BrokenSample, messageOf, UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { retried } from "../../foundation/retry.ts";
import { temporaryFolder } from "../../foundation/temporary.ts";
import type { Series } from "./series.ts";
import { rolesOf } from "./sources/columns.ts";
import { isManifest, seriesSource } from "./sources/entries.ts";
import { isNpy, npySeries } from "./sources/npy.ts";
import { Collector, type Found } from "./sources/store.ts";
import { tableSeries } from "./sources/table.ts";
import { isUcr, ucrSeries } from "./sources/ucr.ts";

const FORMATS = "CSV, TSV, JSONL, Parquet, .ts of UCR and UEA, .npy";

type Format = TableFormat | "blanks" | "ucr" | "npy";

/** The format by the name; `only` is whether the user named the file: then texts are columns between blanks. */
function formatOf(name: string, only: boolean): Format | undefined {
  const extension = extname(name.replace(/\.gz$/i, "")).toLowerCase();
  if (extension === ".ts") return "ucr";
  if (extension === ".npy") return "npy";
  if (only && [".txt", ".dat", ".asc"].includes(extension)) return "blanks";
  return tableFormats[extension];
}

/** Beginning of a file that shows what it is. */
const PROBE = 1 << 14;

async function startOf(path: string): Promise<Buffer> {
  const file = await openFile(path, "r").catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(PROBE), 0, PROBE, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Opens series: a file, or a folder of them in which sub-folders are labels. A table is one series, or one for each value of
 * the column `by`.
 * @throws UserError when there are none
 */
export async function openSeries(path: string, options: OpenOptions = {}): Promise<Source<Series>> {
  const { labels: table } = options;
  const listed = await listFiles(path, (name) => formatOf(name, false) !== undefined, table);
  const names = listed.isFolder ? listed.names : [basename(path)];
  if (names.length === 0 || (!listed.isFolder && !formatOf(path, true)))
    throw nothingTaken(path, listed.isFolder ? "folder" : "file", "series", FORMATS, listed);
  const collector = new Collector();
  const tally = new Tally();
  const notes = new Set<string>();
  let hasGroups = false;
  if (listed.isFolder) tally.addAll(listed.leftOut);
  for (const name of names) {
    const file = listed.isFolder ? join(path, name) : path;
    try {
      const read = await readSeries(
        file,
        names.length === 1 && options.by !== undefined ? "" : name,
        !listed.isFolder,
        options,
      );
      for (const found of read.found) {
        collector.add(found);
        hasGroups ||= found.group !== undefined;
      }
      tally.addAll(read.leftOut.leftOut);
      for (const note of read.notes) notes.add(note);
    } catch (error) {
      // One file that is not one of series must not keep the others from being read.
      if (!(error instanceof UserError || error instanceof BrokenSample)) throw error;
      if (names.length === 1) throw error instanceof UserError ? error : new UserError(`${file}: ${error.message}`);
      collector.add({ name, broken: messageOf(error).replace(`${file}: `, "") });
    }
  }
  const store = collector.end(tally.leftOut, [...notes]);
  const entryNames = store.entries.map(({ name }) => name);
  const hasOwn = store.entries.some(({ label }) => label !== undefined);
  const given = table
    ? await labelsFromTable(table, entryNames)
    : listed.isFolder && !hasOwn
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

interface Read {
  readonly found: readonly Found[];
  readonly leftOut: Tally;
  readonly notes: readonly string[];
}

/** The series of one file. @throws UserError or BrokenSample when there are none */
async function readSeries(path: string, name: string, only: boolean, options: OpenOptions): Promise<Read> {
  const format = formatOf(path, only);
  const plain = (found: readonly Found[]): Read => ({ found, leftOut: new Tally(), notes: [] });
  if (format === "npy") return plain(npySeries(await retried(path, () => readFile(path)), name || basename(path)));
  if (format === "ucr") {
    if (!path.endsWith(".gz") && !isUcr((await startOf(path)).toString("utf8")))
      throw new UserError(`${path}: not a .ts file of the UCR archive: it has no @problemName or @data`);
    return plain(await ucrSeries(path, name || basename(path)));
  }
  return tableSeries(path, format ?? "blanks", name, options);
}

export async function reopenSeries(manifest: unknown): Promise<Source<Series>> {
  if (!isManifest(manifest)) throw new Error("not the manifest of series");
  return seriesSource(manifest);
}

/** Files of a folder that are looked into. */
const LOOKED = 3;

/** Certain of the archives' formats, and of tables with a column of times and numbers; tables of numbers may be anything. */
export async function recognisesSeries(path: string): Promise<Recognition> {
  const { isFolder, names } = await listFiles(path, (name) => formatOf(name, false) !== undefined);
  const files = isFolder ? names.slice(0, LOOKED).map((name) => join(path, name)) : names.length > 0 ? [path] : [];
  for (const file of files) {
    const recognition = await recognisesFile(file);
    if (recognition) return recognition;
  }
  return undefined;
}

async function recognisesFile(path: string): Promise<Recognition> {
  const format = formatOf(path, false);
  if (format === "npy") return isNpy(await startOf(path)) ? "certain" : undefined;
  if (format === "ucr") return isUcr((await startOf(path)).toString("utf8")) ? "certain" : undefined;
  if (!format) return undefined;
  const batches = cellsOf(path, format);
  try {
    const first = await batches.next();
    if (first.done || first.value.rows.length === 0) return undefined;
    const { columns, rows } = first.value;
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
  } finally {
    await batches.return(undefined);
  }
}

/** What a file that is sent is called here, by its first bytes. */
function nameFor(bytes: Uint8Array): string {
  if (isNpy(bytes)) return "sent.npy";
  const start = Buffer.from(bytes.subarray(0, PROBE))
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .trimStart();
  if (start.startsWith("PAR1")) return "sent.parquet";
  if (start.startsWith("{")) return "sent.jsonl";
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
