import { BrokenSample, messageOf } from "../../foundation/errors.ts";
import { type Decoded, formatOf } from "./formats/index.ts";
import { resampler } from "./signal/resample.ts";
import type { Sound } from "./sound.ts";

/** Bytes given to a decoder at once, so that an hour of sound is never in memory at its own rate and with all channels. */
const PART = 1 << 18;
/** Most samples that a recording may have at the encoder's rate: 4.6 hours at 16 kHz. */
const LONGEST = 2 ** 28;

/**
 * Decodes a recording: WAV, FLAC, MP3, Ogg with Vorbis or Opus, AIFF. Channels are averaged.
 * @param rate samples a second of the result; by default the file's own
 * @throws BrokenSample when it is not a whole recording: damaged, cut off, empty, with values that are not finite
 */
export async function decode(given: Uint8Array, rate?: number): Promise<Sound> {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  try {
    const format = formatOf(bytes);
    const header = format.header(bytes);
    const to = rate ?? header.rate;
    if (((header.samples ?? 0) / header.rate) * to > LONGEST)
      throw new BrokenSample(`longer than ${(LONGEST / to / 3600).toFixed(1)} hours; cut it into parts`);
    const decoder = await format.decoder(bytes);
    const sink = collector(to);
    try {
      for (let at = 0; at < bytes.length; at += format.whole ? bytes.length : PART)
        sink.take(decoder.decode(format.whole ? bytes : bytes.subarray(at, at + PART)));
      if (decoder.flush) sink.take(decoder.flush());
    } finally {
      decoder.free();
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
    throw new BrokenSample(`cannot be decoded (${messageOf(error)})`);
  }
}

/** Averages channels, resamples, and joins. */
function collector(rate: number) {
  const parts: Float32Array[] = [];
  let [own, taken, length] = [0, 0, 0];
  let converter: ReturnType<typeof resampler> | undefined;
  const add = (part: Float32Array) => {
    length += part.length;
    if (length > LONGEST) throw new BrokenSample("longer than its header says");
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

/** @throws BrokenSample when a value is not finite */
function mono(channels: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array(0)] = channels;
  const mixed = new Float32Array(first.length);
  for (const channel of channels)
    for (let at = 0; at < mixed.length; at++) mixed[at]! += channel[at]! / channels.length;
  if (!mixed.every(Number.isFinite)) throw new BrokenSample("values that are not finite (NaN or infinite)");
  return mixed;
}
