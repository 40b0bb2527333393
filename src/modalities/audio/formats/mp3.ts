import { BrokenSample } from "../../../foundation/errors.ts";
import { checked, cutOff, type Header, type ReadHeader, tag } from "./header.ts";

/** Bit rates in kbit/s by index, for MPEG-1 and for MPEG-2 and 2.5, layer III. */
const BIT_RATES = {
  1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;
const RATES = [44100, 48000, 32000] as const;
const ID3 = 10;

interface Frame {
  readonly bytes: number;
  readonly samples: number;
  readonly rate: number;
  readonly channels: number;
}

/** The frame that begins at a place; undefined if none of layer III does. */
function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (at + 4 > bytes.length) return undefined;
  const word = bytes.readUInt32BE(at);
  const version = (word >>> 19) & 3;
  const [bitRate, rate] = [(word >>> 12) & 15, (word >>> 10) & 3];
  if (word >>> 21 !== 0x7ff || version === 1 || ((word >>> 17) & 3) !== 1 || rate === 3 || bitRate === 15)
    return undefined;
  if (bitRate === 0) throw new BrokenSample("an MP3 of free format, which is not read");
  const isFirst = version === 3;
  const hertz = RATES[rate]! / (isFirst ? 1 : version === 2 ? 2 : 4);
  const samples = isFirst ? 1152 : 576;
  const kilobits = BIT_RATES[isFirst ? 1 : 2][bitRate]!;
  const length = Math.floor((samples * 125 * kilobits) / hertz) + ((word >>> 9) & 1);
  return { bytes: length, samples, rate: hertz, channels: ((word >>> 6) & 3) === 3 ? 1 : 2 };
}

/** Length of an ID3v2 tag at the start. */
const tagLength = (bytes: Buffer): number =>
  bytes.toString("latin1", 0, 3) === "ID3" && bytes.length >= ID3
    ? ID3 + bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 127), 0)
    : 0;

/** Whether only a tag (ID3v1, APE, Lyrics3) or padding follows. */
const isTrailer = (bytes: Buffer, at: number): boolean =>
  /^(TAG|APETAGEX|LYRICS)/.test(bytes.toString("latin1", at, at + 8)) || bytes.subarray(at).every((byte) => byte === 0);

/**
 * MP3 has no header of its own: every frame is visited, and all must follow each other without a gap. The samples are at
 * most what a decoder gives, which may drop the encoder's delay.
 */
export const mp3Header: ReadHeader = (bytes) => {
  let at = tagLength(bytes);
  let header: Header | undefined;
  let [samples, frames] = [0, 0];
  let stated: number | undefined;
  while (at < bytes.length) {
    const frame = frameAt(bytes, at);
    if (!frame) {
      if (header && isTrailer(bytes, at)) break;
      throw new BrokenSample(
        header ? `damaged: no MP3 frame ${(samples / header.rate).toFixed(1)} s in` : "not an MP3 file",
      );
    }
    if (at + frame.bytes > bytes.length) cutOff("MP3");
    if (!header) {
      const { rate, channels } = frame;
      header = { rate, channels, samples: undefined };
      stated = framesStated(bytes.subarray(at, at + frame.bytes));
      if (stated === undefined) samples += frame.samples;
    } else {
      frames++;
      samples += frame.samples;
    }
    at += frame.bytes;
  }
  if (!header) throw new BrokenSample("not an MP3 file");
  if (stated !== undefined && frames < stated) cutOff("MP3");
  return checked({ ...header, samples });
};

/** Number of frames in a header that encoders write as the first frame, which has no sound. */
function framesStated(frame: Buffer): number | undefined {
  for (const at of [13, 21, 36]) {
    const name = tag(frame, at);
    if ((name === "Xing" || name === "Info") && (frame.readUInt32BE(at + 4) & 1) !== 0)
      return frame.readUInt32BE(at + 8);
  }
  return undefined;
}
