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
  const bytes = new Uint8Array(HEADER + 2 * wave.length);
  const view = new DataView(bytes.buffer);
  const text = (at: number, letters: string) => bytes.set(new TextEncoder().encode(letters), at);
  text(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * wave.length, true);
  for (const [at, value] of wave.entries())
    view.setInt16(HEADER + 2 * at, Math.round(32767 * Math.max(-1, Math.min(1, value))), true);
  return bytes;
}
