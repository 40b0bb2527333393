import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOfFiles } from "../../foundation/contents.ts";
import { BrokenSample, UserError } from "../../foundation/errors.ts";
import { openParquet, type ParquetFile } from "../../foundation/parquet/read.ts";
import { openCache, type SharedCache } from "./shared-cache.ts";

/** A Parquet file, and the rows in each of its row groups. */
export interface Shard {
  readonly path: string;
  readonly groups: readonly number[];
}

/** Files that lie in a column of Parquet: an entry for each row. */
export interface ParquetManifest {
  readonly kind: "parquet";
  readonly column: string;
  readonly shards: readonly Shard[];
  /** Names of the shards before the number of the row. */
  readonly names: readonly string[];
  /** The files of row groups that were decoded. */
  readonly files: SharedCache;
  /** For each row group whether it is decoded: int32. */
  readonly states: SharedArrayBuffer;
}

/** The rows of all shards. */
export const rowsIn = (shards: readonly Pick<Shard, "groups">[]): number =>
  shards.reduce((sum, { groups }) => sum + groups.reduce((rows, one) => rows + one, 0), 0);

/** The file in a cell: bytes, or as Hugging Face writes images and recordings, bytes beside their path. */
export function fileIn(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  return typeof value === "object" && value !== null && "bytes" in value ? fileIn(value.bytes) : undefined;
}

const [FREE, TAKEN, DECODED] = [0, 1, 2];
/** Readers that are open at a time in a thread: each has a thread of its own. */
const MOST_OPEN = 4;
/** How long another thread may take to decode a row group, and between two looks at it. */
const [PATIENCE, LOOK] = [120_000, 5];
/** What the cache notes of a row without a file. */
const NO_FILE = 1;

/** A row group of a shard. */
interface Group {
  readonly shard: number;
  readonly index: number;
  /** Its first entry. */
  readonly start: number;
}

/** The readers of this thread, whatever they are of; the one that was used longest ago is the first. */
const readers = new Map<Shard, ParquetFile>();

async function forget(shard: Shard): Promise<void> {
  const reader = readers.get(shard);
  readers.delete(shard);
  await reader?.close();
}

async function readerOf(shard: Shard, column: string): Promise<ParquetFile> {
  const existing = readers.get(shard);
  const reader = existing ?? (await openParquet(shard.path));
  readers.delete(shard);
  readers.set(shard, reader);
  if (existing) return existing;
  for (const [oldest] of readers) if (readers.size > MOST_OPEN) await forget(oldest);
  if (String(reader.groups) === String(shard.groups) && reader.blobs.includes(column)) return reader;
  throw new UserError(`${shard.path}: has changed since it was opened; start again`);
}

/** One row group at a time in a thread, so that its memory is bounded. */
let last: Promise<unknown> = Promise.resolve();

function inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
  const next = last.then(act);
  last = next.catch(() => undefined);
  return next;
}

/**
 * Reads the files in a column of Parquet. A row group is decoded once, by whichever thread needs it first, into the temporary
 * file that all threads share.
 */
export function parquetEntries({ column, shards, names: prefixes, files, states: shared }: ParquetManifest) {
  const file = openCache(files);
  const states = new Int32Array(shared);
  const groups: Group[] = [];
  const names: string[] = [];
  for (const [shard, { groups: rows }] of shards.entries()) {
    const first = names.length;
    for (const [index, count] of rows.entries()) {
      groups.push({ shard, index, start: names.length });
      for (let row = 0; row < count; row++) names.push(`${prefixes[shard]}:${names.length - first + 1}`);
    }
  }

  /** The last group that begins at or before an entry: empty ones have none. */
  const groupOf = (entry: number): number => {
    let [low, high] = [0, groups.length];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (groups[middle]!.start <= entry) low = middle;
      else high = middle;
    }
    return low;
  };

  /** Decodes a row group into the cache. @returns the file of one entry */
  const decode = async ({ shard, index, start }: Group, wanted: number): Promise<Uint8Array | undefined> => {
    let found: Uint8Array | undefined;
    try {
      const reader = await readerOf(shards[shard]!, column);
      let entry = start;
      for await (const rows of reader.group(index, column))
        for (const row of rows) {
          const bytes = fileIn(row[column]);
          file.store(entry, bytes ?? new Uint8Array(), bytes ? 0 : NO_FILE);
          if (entry === wanted) found = bytes;
          entry++;
        }
    } catch (error) {
      await forget(shards[shard]!);
      throw error;
    }
    return found;
  };

  const stored = (entry: number): { readonly bytes: Uint8Array | undefined } | undefined => {
    const head = file.find(entry);
    if (!head) return undefined;
    if (head.note === NO_FILE) return { bytes: undefined };
    const bytes = Buffer.allocUnsafe(head.length);
    file.read(entry, 0, bytes);
    return { bytes };
  };

  /** Whether this thread is to decode a group; false when another one has, which is waited for. */
  const claims = async (group: number): Promise<boolean> => {
    const until = performance.now() + PATIENCE;
    for (;;) {
      const state = Atomics.compareExchange(states, group, FREE!, TAKEN!);
      // A thread that was ended while it decoded never says so.
      if (state === FREE || performance.now() > until) return true;
      if (state === DECODED) return false;
      await sleep(LOOK);
    }
  };

  const make = async (entry: number): Promise<Uint8Array | undefined> => {
    const at = groupOf(entry);
    const group = groups[at]!;
    if (stored(entry) || !(await claims(at))) {
      const found = stored(entry);
      return found ? found.bytes : decode(group, entry);
    }
    let isDecoded = false;
    try {
      const bytes = await decode(group, entry);
      isDecoded = true;
      return bytes;
    } finally {
      Atomics.store(states, at, isDecoded ? DECODED! : FREE!);
    }
  };

  return {
    names,
    /** @throws BrokenSample for a row without a file; UserError when the Parquet file is damaged, or the disk full */
    async bytes(entry: number): Promise<Uint8Array> {
      const found = stored(entry);
      const bytes = found ? found.bytes : await inTurn(() => make(entry));
      if (!bytes) throw new BrokenSample(`nothing in the column "${column}"`);
      return bytes;
    },
    contents: async (): Promise<string> =>
      createHash("sha256")
        .update(await digestOfFiles(shards.map(({ path }) => path)))
        .update(JSON.stringify([column, shards.map(({ groups: rows }) => rows)]))
        .digest("hex")
        .slice(0, 16),
    async close(): Promise<void> {
      await inTurn(async () => {
        for (const shard of shards) await forget(shard);
        file.close();
      });
    },
  };
}
