import { closeSync, openSync, readSync } from "node:fs";
import { open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BrokenSample, UserError } from "../../../foundation/errors.ts";
import { fileError } from "../../../foundation/files.ts";
import type { Clip } from "../clip.ts";
import { type ClipHeader, type Encoded, MOST_BYTES } from "../decoders/encoded.ts";
import { storedSize } from "./size.ts";

/**
 * Decoded clips in a temporary folder, a file each: small frames of three bytes a pixel at the encoder's rate. All threads
 * share it, so that each clip is decoded once and not once per epoch, and a window of an hour's clip is a read of its bytes.
 */
export interface FrameCache {
  readonly folder: string;
  /** Frames a second of all clips in it. */
  readonly rate: number;
  /** Short side that larger frames are shrunk to. */
  readonly side: number;
  /** By clip: state, frames, width, height, and when the thread that decodes it was last at work. */
  readonly heads: SharedArrayBuffer;
  /** Headers that were read when the clips were cut, by clip, so that threads need not read them again. */
  readonly headers: (ClipHeader | undefined)[];
}

const HEAD = 5;
const EMPTY = 0;
const BEING_DECODED = 1;
const READY = 2;
const BROKEN = 3;
/** Milliseconds after which others look whether the thread that decodes a clip is still at work, and seconds that it may rest. */
const LOOK = 20;
const REST = 150;

export const createCache = (folder: string, rate: number, side: number, clips: number): FrameCache => ({
  ...{ folder, rate, side },
  heads: new SharedArrayBuffer(clips * HEAD * Int32Array.BYTES_PER_ELEMENT),
  headers: new Array<undefined>(clips).fill(undefined),
});

/** One thread's way into a cache. */
export interface FrameReader {
  /** Header of a clip. @throws BrokenSample when it has none */
  header(clip: number): Promise<ClipHeader>;
  /**
   * Number of frames of a clip, which is decoded unless it is in the cache.
   * @throws BrokenSample when it cannot be decoded, now or before; UserError when the disk is full
   */
  frames(clip: number): Promise<number>;
  /** Frames of a decoded clip from `start`, at most `count`. */
  read(clip: number, start: number, count: number): Clip;
}

const now = () => Math.floor(Date.now() / 1000) | 0;
let attempts = 0;

export function openCache(cache: FrameCache, encoded: (clip: number) => Promise<Encoded>): FrameReader {
  const { folder, rate, side, headers } = cache;
  const heads = new Int32Array(cache.heads);
  const pathOf = (clip: number) => join(folder, `${clip}.rgb`);
  const reasonOf = (clip: number) => join(folder, `${clip}.txt`);

  /** Decodes into a file, and gives frames, width and height. */
  const store = async (clip: number): Promise<[number, number, number]> => {
    const one = await encoded(clip);
    const header = headers[clip] ?? (await one.header());
    const { width, height } = storedSize(header, side);
    const bytesOfFrame = 3 * width * height;
    const tooLong = () =>
      new BrokenSample(`longer than ${Math.floor(MOST_BYTES / bytesOfFrame / rate / 60)} minutes; cut it into parts`);
    if ((header.seconds ?? 0) * rate * bytesOfFrame > MOST_BYTES) throw tooLong();
    const part = `${pathOf(clip)}.${process.pid}.${attempts++}`;
    let bytes = 0;
    try {
      const file = await open(part, "wx").catch((error: unknown) => {
        throw fileError(part, "written", error);
      });
      try {
        for await (const chunk of one.decode(header, { rate, width, height })) {
          bytes += chunk.length;
          if (bytes > MOST_BYTES) throw tooLong();
          await file.writeFile(chunk).catch((error: unknown) => {
            throw fileError(part, "written", error);
          });
          heads[HEAD * clip + 4] = now();
        }
      } finally {
        await file.close();
      }
      const frames = Math.floor(bytes / bytesOfFrame);
      if (frames < 2) throw new BrokenSample("one frame, and a clip has at least two");
      await rename(part, pathOf(clip));
      return [frames, width, height];
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  };

  const end = (clip: number, state: number) => Atomics.store(heads, HEAD * clip, state);

  return {
    async header(clip) {
      headers[clip] ??= await (await encoded(clip)).header();
      return headers[clip];
    },
    async frames(clip) {
      const at = HEAD * clip;
      for (;;) {
        const state = Atomics.load(heads, at);
        if (state === READY) return heads[at + 1]!;
        if (state === BROKEN) throw new BrokenSample(await readFile(reasonOf(clip), "utf8"));
        if (state === BEING_DECODED) {
          await sleep(LOOK);
          // Its thread was ended.
          if (now() - heads[at + 4]! > REST) Atomics.compareExchange(heads, at, BEING_DECODED, EMPTY);
          continue;
        }
        heads[at + 4] = now();
        if (Atomics.compareExchange(heads, at, EMPTY, BEING_DECODED) !== EMPTY) continue;
        try {
          heads.set(await store(clip), at + 1);
          end(clip, READY);
        } catch (error) {
          if (error instanceof BrokenSample) {
            await writeFile(reasonOf(clip), error.message);
            end(clip, BROKEN);
          } else end(clip, EMPTY);
          throw error;
        }
      }
    },
    read(clip, start, count) {
      const [frames = 0, width = 0, height = 0] = heads.subarray(HEAD * clip + 1);
      const first = Math.max(0, Math.min(frames - 1, start));
      const taken = Math.max(1, Math.min(frames - first, count));
      const bytesOfFrame = 3 * width * height;
      const data = new Uint8Array(taken * bytesOfFrame);
      const file = openSync(pathOf(clip), "r");
      try {
        for (let done = 0; done < data.length; ) {
          const read = readSync(file, data, done, data.length - done, first * bytesOfFrame + done);
          if (read === 0) throw new UserError(`${pathOf(clip)}: the cache of decoded clips ends early`);
          done += read;
        }
      } finally {
        closeSync(file);
      }
      return { rate, frames: taken, sheet: { width, height: taken * height, channels: 3, data } };
    },
  };
}
