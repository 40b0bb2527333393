import { createCache, openCache, type SharedCache } from "../../../data/files/shared-cache.ts";

/**
 * Decoded recordings, of which a window of an hour's recording is a read of a few kilobytes. 16 bits a sample, scaled to the
 * recording's peak.
 */
export interface PcmCache {
  /** Samples a second of all recordings in it. */
  readonly rate: number;
  readonly recordings: SharedCache;
}

const BYTES = Int16Array.BYTES_PER_ELEMENT;
const LARGEST = 32767;

/** An empty cache for so many recordings, in a file that exists. */
export const createPcmCache = (path: string, rate: number, recordings: number): PcmCache => ({
  rate,
  recordings: createCache(path, recordings),
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

export function openPcmCache({ recordings }: PcmCache): PcmReader {
  const cache = openCache(recordings);
  const lengthOf = (recording: number): number | undefined => {
    const found = cache.find(recording);
    return found && found.length / BYTES;
  };
  return {
    lengthOf,
    read(recording, start, length) {
      const first = Math.max(0, start);
      const count = Math.max(0, Math.min(start + length, lengthOf(recording) ?? 0) - first);
      const values = new Int16Array(count);
      cache.read(recording, first * BYTES, new Uint8Array(values.buffer));
      const scale = cache.find(recording)?.note ?? 0;
      const wave = new Float32Array(count);
      for (let sample = 0; sample < count; sample++) wave[sample] = values[sample]! * scale;
      return wave;
    },
    store(recording, wave) {
      if (cache.find(recording)) return;
      const peak = wave.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      const scale = peak / LARGEST;
      // `Int16Array.from` would make a list of boxed numbers first, of gigabytes for hours of sound.
      const values = new Int16Array(wave.length);
      for (let at = 0; at < values.length; at++) values[at] = Math.round(wave[at]! / scale);
      cache.store(recording, new Uint8Array(values.buffer), scale);
    },
    close: cache.close,
  };
}
