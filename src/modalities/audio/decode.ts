import { SMALL } from "../../data/files/limits.ts";
import { BrokenSample, messageOf } from "../../foundation/errors.ts";
import { inBytes, type MemoryBudget } from "../../foundation/memory.ts";
import type { Header } from "./formats/header.ts";
import { type Decoded, formatOf, headerOf } from "./formats/index.ts";
import { resampler } from "./signal/resample.ts";
import type { Sound } from "./sound.ts";

/**
 * Bytes given to a decoder at once, so that an hour of sound is never in memory at its own rate and with all channels. A
 * multiple of 8. FLAC packs silence to a thousandth.
 */
const PART = 1 << 15;
/** Most samples that a recording may have at the encoder's rate: 4.6 hours at 16 kHz. */
const LONGEST = 2 ** 28;
const ALIGNMENT = 8;
const BYTES = Float32Array.BYTES_PER_ELEMENT;
/** A recording that is decoded at its own rate may be resampled to this one later, in Hz. */
const USUAL_RATE = 48_000;
/** Most bytes of sound for a byte of a file, beyond 64 MiB: codecs of speech come to 400, FLAC of silence to 1,000. */
const RATIO = 1000;
/** Largest value of a sound, which is in −1 to 1 but for what was mixed too loud; beyond, 16-bit values were not scaled. */
const LOUDEST = 32;

/**
 * Decodes a recording: WAV, FLAC, MP3, Ogg with Vorbis or Opus, AIFF. Channels are averaged.
 * @param rate samples a second of the result; by default the file's own
 * @param memory for all decodes under way, where strangers send them
 * @throws BrokenSample when it is not a whole recording: damaged, cut off, empty, with values that are not finite or far
 *   from −1 to 1; or when it would take more memory than `memory` has, or more than 64 MiB and 1,000 times its size
 */
export async function decode(given: Uint8Array, rate?: number, memory?: MemoryBudget): Promise<Sound> {
  // Decoders of whole files put views of 16 and 32 bits over them, which begin at a multiple of their size: bodies do not.
  const whole = given.byteOffset % ALIGNMENT === 0 ? given : new Uint8Array(given);
  const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
  try {
    const format = formatOf(bytes);
    const header = format.header(bytes);
    const to = rate ?? header.rate;
    const allowed = memory?.bytes ?? allowedFor(bytes);
    const needed = bytesFor(header, rate ?? Math.max(to, USUAL_RATE), allowed);
    const giveBack = await memory?.take(needed);
    const sink = collector(to, allowed / BYTES);
    try {
      const decoder = await format.decoder(bytes);
      try {
        for (const part of format.whole ? [bytes] : partsOf(bytes, header.start)) {
          sink.take(decoder.decode(part));
          // So that a server answers others meanwhile.
          if (memory) await new Promise((next) => setImmediate(next));
        }
        if (decoder.flush) sink.take(decoder.flush());
      } finally {
        decoder.free();
      }
    } finally {
      giveBack?.();
    }
    const { wave, rate: own, taken } = sink.end();
    const expected = header.samples ?? 1;
    if (own > 0 && own !== header.rate && format.name !== "Ogg")
      throw new BrokenSample(`damaged: ${own} Hz, and its header says ${header.rate} Hz`);
    if (taken === 0 || taken < expected - (format.dropped ?? 0))
      throw new BrokenSample(`damaged: only ${taken} of its ${expected} samples can be decoded`);
    return { rate: to, wave };
  } catch (error) {
    if (error instanceof BrokenSample) throw error;
    // A decoder that trips over damage says what the engine says: "Invalid array length".
    if (error instanceof RangeError || error instanceof TypeError) throw new BrokenSample("damaged: its decoder fails");
    throw new BrokenSample(`cannot be decoded (${messageOf(error)})`);
  }
}

/** Most bytes that the sound of a file may have. */
const allowedFor = (file: Uint8Array): number => Math.min(LONGEST * BYTES, Math.max(SMALL, RATIO * file.length));

/**
 * Bytes of a recording at a rate, all that are allowed for one that does not tell its length.
 * @throws BrokenSample when they are more
 */
function bytesFor({ samples, rate }: Header, to: number, allowed: number): number {
  const needed = samples === undefined ? allowed : Math.ceil((samples / rate) * to * BYTES);
  if (needed <= allowed) return needed;
  throw new BrokenSample(
    `a recording of ${inBytes(needed)} when it is decoded; ${inBytes(allowed)} are allowed for its file: cut it into parts`,
  );
}

/** Seconds of a recording that can be decoded at a rate, by its header; undefined where that does not say. @throws BrokenSample */
export function secondsByHeader(file: Uint8Array, to: number): number | undefined {
  const header = headerOf(file);
  bytesFor(header, to, allowedFor(file));
  return header.samples === undefined ? undefined : header.samples / header.rate;
}

/** Parts for a decoder; those of the sound are aligned to 8 bytes, which 64-bit values need. */
function* partsOf(bytes: Buffer, start = 0): Generator<Uint8Array> {
  if (start > 0) yield bytes.subarray(0, start);
  for (let at = start; at < bytes.length; at += PART) yield new Uint8Array(bytes.subarray(at, at + PART));
}

/** Averages channels, resamples, and joins. @param most samples of the result */
function collector(rate: number, most: number) {
  const parts: Float32Array[] = [];
  let [own, taken, length] = [0, 0, 0];
  let converter: ReturnType<typeof resampler> | undefined;
  const add = (part: Float32Array) => {
    length += part.length;
    if (length > most) throw new BrokenSample("longer than its header says, or than a file of its size may be");
    parts.push(part);
  };
  return {
    take({ channelData, sampleRate }: Decoded) {
      const [first] = channelData;
      if (!first || first.length === 0) return;
      own ||= sampleRate;
      if (sampleRate !== own) throw new BrokenSample("its sampling rate changes");
      taken += first.length;
      converter ??= resampler(own, rate);
      add(converter.push(mono(channelData)));
    },
    end() {
      if (converter) add(converter.end());
      const wave = new Float32Array(length);
      let at = 0;
      for (const part of parts) {
        wave.set(part, at);
        at += part.length;
      }
      return { wave, rate: own, taken };
    },
  };
}

/** @throws BrokenSample when a value is not finite, or far from −1 to 1 */
function mono(channels: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array(0)] = channels;
  const mixed = new Float32Array(first.length);
  for (const channel of channels)
    for (let at = 0; at < mixed.length; at++) mixed[at]! += channel[at]! / channels.length;
  if (!mixed.every(Number.isFinite)) throw new BrokenSample("values that are not finite (NaN or infinite)");
  const loud = mixed.find((value) => Math.abs(value) > LOUDEST);
  if (loud !== undefined)
    throw new BrokenSample(`values such as ${loud.toPrecision(4)}, and sound is in -1 to 1: divide by 32768, say`);
  return mixed;
}
