import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { fileError } from "../../../foundation/files.ts";

/**
 * What RDKit says of molecules, in one temporary file that all threads share, so that each is parsed once and not once per
 * epoch. A refused molecule has its reason there: one that ruins an instance ruins no second.
 */
export interface RecordCache {
  readonly path: string;
  /** Two numbers per molecule: state, and length in bytes. */
  readonly heads: SharedArrayBuffer;
  /** Offset of each record in bytes, and at the end that of the next one. */
  readonly offsets: SharedArrayBuffer;
}

const HEAD = 2;
const EMPTY = 0;
const BEING_WRITTEN = 1;
const READY = 2;
const REFUSED = 3;

/** An empty cache for so many molecules, in a file that exists. */
export const createRecords = (path: string, molecules: number): RecordCache => ({
  path,
  heads: new SharedArrayBuffer(molecules * HEAD * Int32Array.BYTES_PER_ELEMENT),
  offsets: new SharedArrayBuffer((molecules + 1) * BigInt64Array.BYTES_PER_ELEMENT),
});

/** One thread's way into a cache. */
export interface Records {
  /** A molecule's record; undefined if it is not known yet. */
  get(molecule: number): { readonly bytes: Uint8Array; readonly isRefused: boolean } | undefined;
  /** Stores a record, unless another thread does. @throws UserError when the disk is full */
  put(molecule: number, bytes: Uint8Array, isRefused?: boolean): void;
  close(): void;
}

export function openRecords({ path, heads, offsets }: RecordCache): Records {
  let opened: number | undefined;
  const file = (): number => {
    opened ??= openSync(path, "r+");
    return opened;
  };
  const places = new BigInt64Array(offsets);
  const states = new Int32Array(heads);
  const end = places.length - 1;
  return {
    get(molecule) {
      const state = Atomics.load(states, molecule * HEAD);
      if (state !== READY && state !== REFUSED) return undefined;
      const bytes = new Uint8Array(states[molecule * HEAD + 1]!);
      const from = Number(places[molecule]!);
      for (let done = 0; done < bytes.length; ) {
        const read = readSync(file(), bytes, done, bytes.length - done, from + done);
        if (read === 0) throw new Error(`${path}: the cache of molecules ends early`);
        done += read;
      }
      return { bytes, isRefused: state === REFUSED };
    },
    put(molecule, bytes, isRefused = false) {
      if (Atomics.compareExchange(states, molecule * HEAD, EMPTY, BEING_WRITTEN) !== EMPTY) return;
      const offset = Atomics.add(places, end, BigInt(bytes.length));
      try {
        for (let done = 0; done < bytes.length; )
          done += writeSync(file(), bytes, done, bytes.length - done, Number(offset) + done);
      } catch (error) {
        throw fileError(path, "written", error);
      }
      places[molecule] = offset;
      states[molecule * HEAD + 1] = bytes.length;
      Atomics.store(states, molecule * HEAD, isRefused ? REFUSED : READY);
    },
    close() {
      if (opened !== undefined) closeSync(opened);
      opened = undefined;
    },
  };
}
