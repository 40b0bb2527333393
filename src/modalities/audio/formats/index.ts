import { BrokenSample } from "../../../foundation/errors.ts";
import { aiffHeader } from "./aiff.ts";
import { flacHeader } from "./flac.ts";
import type { Header, ReadHeader } from "./header.ts";
import { mp3Header } from "./mp3.ts";
import { isOpus, oggHeader } from "./ogg.ts";
import { wavHeader } from "./wav.ts";

/** Decoded sound of every channel. */
export interface Decoded {
  readonly channelData: readonly Float32Array[];
  readonly sampleRate: number;
}

/** Decodes a file part by part. */
export interface PartDecoder {
  decode(part: Uint8Array): Decoded;
  flush?(): Decoded;
  free(): void;
}

/** A container or codec whose files are read. */
export interface Format {
  readonly name: string;
  readonly header: ReadHeader;
  /** A new decoder. */
  decoder(bytes: Buffer): Promise<PartDecoder>;
  /** Whether it must be given the whole file at once. */
  readonly whole?: boolean;
  /** How many samples the decoder may drop at the ends: the encoder's delay and padding. 0 by default. */
  readonly dropped?: number;
}

const formats: readonly (Format & { matches(bytes: Buffer): boolean })[] = [
  {
    name: "WAV",
    matches: (bytes) => starts(bytes, "RIFF") && bytes.toString("latin1", 8, 12) === "WAVE",
    header: wavHeader,
    decoder: async () => (await import("@audio/decode-wav")).decoder(),
  },
  {
    name: "FLAC",
    matches: (bytes) => starts(bytes, "fLaC"),
    header: flacHeader,
    decoder: async () => (await import("@audio/decode-flac")).decoder(),
  },
  {
    name: "Ogg",
    matches: (bytes) => starts(bytes, "OggS"),
    header: oggHeader,
    decoder: async (bytes) =>
      isOpus(bytes) ? (await import("@audio/decode-opus")).decoder() : (await import("@audio/decode-vorbis")).decoder(),
  },
  {
    name: "AIFF",
    matches: (bytes) => starts(bytes, "FORM") && /^AIF[FC]$/.test(bytes.toString("latin1", 8, 12)),
    header: aiffHeader,
    decoder: async () => (await import("@audio/decode-aiff")).decoder(),
    whole: true,
  },
  {
    name: "MP3",
    matches: (bytes) => starts(bytes, "ID3") || (bytes[0] === 0xff && (bytes[1]! & 0xe0) === 0xe0),
    header: mp3Header,
    decoder: async () => (await import("@audio/decode-mp3")).decoder(),
    dropped: 4096,
  },
];

const starts = (bytes: Buffer, signature: string) => bytes.toString("latin1", 0, signature.length) === signature;

/** Formats that need a program or package that is not here: bytes of their files, and where these are. */
const foreign: readonly (readonly [name: string, at: number, bytes: readonly number[]])[] = [
  ["M4A or MP4", 4, [0x66, 0x74, 0x79, 0x70]],
  ["WebM or Matroska", 0, [0x1a, 0x45, 0xdf, 0xa3]],
  ["WMA", 0, [0x30, 0x26, 0xb2, 0x75]],
  ["AMR", 0, [0x23, 0x21, 0x41, 0x4d, 0x52]],
  ["RF64 (WAV above 4 GB)", 0, [0x52, 0x46, 0x36, 0x34]],
];

/** The format of a file by its first bytes. @throws BrokenSample naming what it is instead, if that can be told */
export function formatOf(bytes: Buffer): Format {
  if (bytes.length === 0) throw new BrokenSample("empty file");
  const found = formats.find(({ matches }) => matches(bytes));
  if (found) return found;
  const name = foreign.find(([, at, signature]) => signature.every((byte, place) => bytes[at + place] === byte))?.[0];
  throw new BrokenSample(
    name
      ? `${name}, which is not decoded here: convert it to WAV, FLAC, MP3 or Ogg (ffmpeg -i in out.flac)`
      : "not sound in WAV, FLAC, MP3, Ogg (Vorbis, Opus) or AIFF",
  );
}

/** What a file says of itself. @throws BrokenSample when it is damaged, cut off, or of no format that is read */
export function headerOf(given: Uint8Array): Header {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  try {
    return formatOf(bytes).header(bytes);
  } catch (error) {
    // A number read past the end of a file.
    if (error instanceof RangeError) throw new BrokenSample("damaged: its header ends early");
    throw error;
  }
}

const extensions = new Set([".wav", ".wave", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc"]);

/** Whether the name is that of a sound file; only decoding shows what it contains. */
export const hasSoundName = (name: string): boolean => extensions.has(name.slice(name.lastIndexOf(".")).toLowerCase());
