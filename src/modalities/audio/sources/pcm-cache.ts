import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { fileError } from "../../../foundation/files.ts";

/**
 * Decoded recordings in one temporary file that all threads share, so that each is decoded once and not once per epoch, and
 * a window of an hour's recording is a read of a few kilobytes. 16 bits a sample, scaled to the recording's peak.
 */
export interface PcmCache {
  readonly path: string;
  /** Samples a second of all recordings in it. */
  readonly rate: number;
  /** Three numbers per recording: state, length in samples, and the bits of the scale (float32). */
  readonly heads: SharedArrayBuffer;
  /** Offset of each recording in bytes, and at the end that of the next one. */
  readonly offsets: SharedArrayBuffer;
}

const HEAD = 3;
const EMPTY = 0;
const BEING_WRITTEN = 1;
const READY = 2;
const BYTES = Int16Array.BYTES_PER_ELEMENT;
const LARGEST = 32767;

/** An empty cache for so many recordings, in a file that exists. */
export const createCache = (path: string, rate: number, recordings: number): PcmCache => ({
  path,
  rate,
  heads: new SharedArrayBuffer(recordings * HEAD * Int32Array.BYTES_PER_ELEMENT),
  offsets: new SharedArrayBuffer((recordings + 1) * BigInt64Array.BYTES_PER_ELEMENT),
});

/** One thread's way into a cache. */
export interface PcmReader {
  /** Samples of a recording that is in the cache; undefined if it is not. */
  lengthOf(recording: number): number | undefined;
  /** Samples of a recording in the cache, `length` from `start`; fewer at its end. */
  read(recording: number, start: number, length: number): Float32Array;
  /** Stores a recording, unless another thread does. @throws UserError when the disk is full */
  store(recording: number, wave: Float32Array): void;
  close(): void;
}

export function openCache({ path, heads, offsets }: PcmCache): PcmReader {
  const file = openSync(path, "r+");
  const places = new BigInt64Array(offsets);
  const states = new Int32Array(heads);
  const scales = new Float32Array(heads);
  const end = places.length - 1;
  const at = (recording: number) => recording * HEAD;
  return {
    lengthOf: (recording) =>
      Atomics.load(states, at(recording)) === READY ? Atomics.load(states, at(recording) + 1) : undefined,
    read(recording, start, length) {
      const first = Math.max(0, start);
      const count = Math.max(0, Math.min(start + length, states[at(recording) + 1]!) - first);
      const values = new Int16Array(count);
      const from = Number(places[recording]!) + first * BYTES;
      const bytes = new Uint8Array(values.buffer);
      for (let done = 0; done < bytes.length; ) {
        const read = readSync(file, bytes, done, bytes.length - done, from + done);
        if (read === 0) throw new Error(`${path}: the cache of decoded recordings ends early`);
        done += read;
      }
      const scale = scales[at(recording) + 2]!;
      const wave = new Float32Array(count);
      for (let sample = 0; sample < count; sample++) wave[sample] = values[sample]! * scale;
      return wave;
    },
    store(recording, wave) {
      if (Atomics.compareExchange(states, at(recording), EMPTY, BEING_WRITTEN) !== EMPTY) return;
      const peak = wave.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      const scale = peak / LARGEST;
      // `Int16Array.from` would make a list of boxed numbers first, of gigabytes for hours of sound.
      const values = new Int16Array(wave.length);
      for (let at = 0; at < values.length; at++) values[at] = Math.round(wave[at]! / scale);
      const bytes = new Uint8Array(values.buffer);
      const offset = Atomics.add(places, end, BigInt(bytes.length));
      try {
        for (let done = 0; done < bytes.length; )
          done += writeSync(file, bytes, done, bytes.length - done, Number(offset) + done);
      } catch (error) {
        throw fileError(path, "written", error);
      }
      places[recording] = offset;
      states[at(recording) + 1] = wave.length;
      scales[at(recording) + 2] = scale;
      Atomics.store(states, at(recording), READY);
    },
    close: () => closeSync(file),
  };
}
