import type { Media } from "../../data/media.ts";
import { resample } from "./signal/resample.ts";
import type { Sound } from "./sound.ts";

/** Rate and seconds of sounds on pages: at most 320 kB each. */
const HIGHEST = 16000;
const LONGEST = 10;

const HEADER = 44;

/** The sound as a WAV file of 16 bits for a page; of a longer one the beginning. */
export function playable({ rate, wave }: Sound): Media {
  const start = wave.subarray(0, LONGEST * rate);
  const [values, hertz] = rate > HIGHEST ? [resample(start, rate, HIGHEST), HIGHEST] : [start, rate];
  return { type: "audio/wav", bytes: wavOf(values, hertz) };
}

/** A mono file of 16 bits a sample; values beyond [−1, 1] are clipped. */
export function wavOf(wave: Float32Array, rate: number): Uint8Array {
  const bytes = Buffer.alloc(HEADER + 2 * wave.length);
  bytes.write("RIFF", 0, "latin1");
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8, "latin1");
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * rate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36, "latin1");
  bytes.writeUInt32LE(2 * wave.length, 40);
  for (const [at, value] of wave.entries())
    bytes.writeInt16LE(Math.round(32767 * Math.max(-1, Math.min(1, value))), HEADER + 2 * at);
  return bytes;
}
