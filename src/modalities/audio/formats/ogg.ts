import { BrokenSample } from "../../../foundation/errors.ts";
import { checked, cutOff, type Header, type ReadHeader, tag } from "./header.ts";

const PAGE = 27;
const LAST = 4;

/** CRC-32 of Ogg: polynomial 0x04c11db7, not reflected, starting from 0. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value >>> 0;
});

/** Of a page, whose own checksum counts as 0. */
function checksum(page: Buffer): number {
  let crc = 0;
  for (let at = 0; at < page.length; at++) {
    const byte = at >= 22 && at < 26 ? 0 : page[at]!;
    crc = ((crc << 8) ^ table[((crc >>> 24) ^ byte) & 0xff]!) >>> 0;
  }
  return crc;
}

/** Which codec the first page of a stream names, its rate, and samples to skip at its beginning. */
function codecOf(packet: Buffer): { rate: number; channels: number; skip: number } | undefined {
  if (packet.toString("latin1", 0, 8) === "OpusHead" && packet.length >= 19)
    return { rate: 48000, channels: packet[9]!, skip: packet.readUInt16LE(10) };
  if (packet.toString("latin1", 0, 7) === "\x01vorbis" && packet.length >= 30)
    return { rate: packet.readUInt32LE(12), channels: packet[11]!, skip: 0 };
  return undefined;
}

/** Whether the first packet is Opus; the other codec that is read is Vorbis. */
export const isOpus = (bytes: Buffer): boolean => bytes.toString("latin1", 28, 36) === "OpusHead";

/**
 * Ogg with Vorbis or Opus: every page has a checksum, and the last one says how long the sound is.
 * https://www.rfc-editor.org/rfc/rfc3533
 */
export const oggHeader: ReadHeader = (bytes) => {
  let found: (Header & { skip: number }) | undefined;
  let end: number | undefined;
  let isComplete = false;
  for (let at = 0; at < bytes.length; ) {
    if (at + PAGE > bytes.length) cutOff("Ogg");
    if (tag(bytes, at) !== "OggS") throw new BrokenSample("damaged: no Ogg page where one should be");
    const count = bytes[at + 26]!;
    const body = at + PAGE + count;
    if (body > bytes.length) cutOff("Ogg");
    const length = bytes.subarray(at + PAGE, body).reduce((sum, size) => sum + size, 0);
    if (body + length > bytes.length) cutOff("Ogg");
    const page = bytes.subarray(at, body + length);
    if (checksum(page) !== bytes.readUInt32LE(at + 22))
      throw new BrokenSample("damaged: the checksum of an Ogg page is wrong");
    if (at === 0) {
      const codec = codecOf(bytes.subarray(body, body + length));
      if (!codec) throw new BrokenSample("an Ogg file with neither Vorbis nor Opus");
      found = { ...codec, samples: undefined };
    }
    const granule = bytes.readBigInt64LE(at + 6);
    if (granule >= 0n) end = Number(granule);
    isComplete = (bytes[at + 5]! & LAST) !== 0;
    at = body + length;
  }
  if (!found) return cutOff("Ogg");
  if (!isComplete) cutOff("Ogg");
  const { skip, ...header } = found;
  return checked({ ...header, samples: Math.max(0, (end ?? 0) - skip) });
};
