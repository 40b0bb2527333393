import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { fileError } from "../../foundation/files.ts";

/** Bytes of entries in one temporary file that all threads share, so that each entry is made once and not once per epoch. */
export interface SharedCache {
  readonly path: string;
  /** Three numbers per entry: state, length in bytes (uint32), and what whoever stored it notes (float32). */
  readonly heads: SharedArrayBuffer;
  /** Offset of each entry in bytes, and at the end that of the next one. */
  readonly offsets: SharedArrayBuffer;
}

const HEAD = 3;
const EMPTY = 0;
const BEING_WRITTEN = 1;
const READY = 2;

/** An empty cache for so many entries, in a file that exists. */
export const createCache = (path: string, entries: number): SharedCache => ({
  path,
  heads: new SharedArrayBuffer(entries * HEAD * Int32Array.BYTES_PER_ELEMENT),
  offsets: new SharedArrayBuffer((entries + 1) * BigInt64Array.BYTES_PER_ELEMENT),
});

/** One thread's way into a cache. */
export interface CacheFile {
  /** An entry's length in bytes and its note; undefined if it is not there. */
  find(entry: number): { readonly length: number; readonly note: number } | undefined;
  /** Fills `bytes` with those of an entry that is there, from `start` on. */
  read(entry: number, start: number, bytes: Uint8Array): void;
  /** Stores an entry, unless another thread does. @throws UserError when the disk is full */
  store(entry: number, bytes: Uint8Array, note?: number): void;
  close(): void;
}

export function openCache({ path, heads, offsets }: SharedCache): CacheFile {
  let opened: number | undefined;
  const file = (): number => {
    opened ??= openSync(path, "r+");
    return opened;
  };
  const places = new BigInt64Array(offsets);
  const states = new Int32Array(heads);
  const lengths = new Uint32Array(heads);
  const notes = new Float32Array(heads);
  const end = places.length - 1;
  return {
    find: (entry) =>
      Atomics.load(states, entry * HEAD) === READY
        ? { length: lengths[entry * HEAD + 1]!, note: notes[entry * HEAD + 2]! }
        : undefined,
    read(entry, start, bytes) {
      const from = Number(places[entry]!) + start;
      for (let done = 0; done < bytes.length; ) {
        const read = readSync(file(), bytes, done, bytes.length - done, from + done);
        if (read === 0) throw new Error(`${path}: the cache ends early`);
        done += read;
      }
    },
    store(entry, bytes, note = 0) {
      if (Atomics.compareExchange(states, entry * HEAD, EMPTY, BEING_WRITTEN) !== EMPTY) return;
      const offset = Atomics.add(places, end, BigInt(bytes.length));
      try {
        for (let done = 0; done < bytes.length; )
          done += writeSync(file(), bytes, done, bytes.length - done, Number(offset) + done);
      } catch (error) {
        throw fileError(path, "written", error);
      }
      places[entry] = offset;
      lengths[entry * HEAD + 1] = bytes.length;
      notes[entry * HEAD + 2] = note;
      Atomics.store(states, entry * HEAD, READY);
    },
    close() {
      if (opened !== undefined) closeSync(opened);
      opened = undefined;
    },
  };
}
