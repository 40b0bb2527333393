import { BrokenSample } from "../../../foundation/errors.ts";

/** What a file says about itself, checked against its bytes. */
export interface Header {
  /** Samples a second. */
  readonly rate: number;
  readonly channels: number;
  /** Samples of each channel; undefined where the file does not say (a stream). */
  readonly samples: number | undefined;
  /** Where the sound begins, in bytes; for formats with 64-bit values. */
  readonly start?: number;
}

/** Reads a header and checks that all of the file is there. Decoders give fewer samples of a damaged file and say nothing. */
export type ReadHeader = (bytes: Buffer) => Header;

/** Highest sampling rate that is read, in Hz: ultrasonic recorders use 384,000, and some sonars more. */
const HIGHEST_RATE = 2_000_000;
const MOST_CHANNELS = 64;

/** @throws BrokenSample for values that no recording has */
export function checked(header: Header): Header {
  const { rate, channels, samples } = header;
  if (!(rate >= 1 && rate <= HIGHEST_RATE)) throw new BrokenSample(`a sampling rate of ${rate} Hz`);
  if (!(channels >= 1 && channels <= MOST_CHANNELS)) throw new BrokenSample(`${channels} channels`);
  if (samples === 0) throw new BrokenSample("no sound in it (0 samples)");
  return header;
}

/** @throws BrokenSample */
export const cutOff = (format: string): never => {
  throw new BrokenSample(`shorter than its header says: a truncated ${format} file`);
};

/** Four characters. */
export const tag = (bytes: Buffer, at: number): string => bytes.toString("latin1", at, at + 4);
