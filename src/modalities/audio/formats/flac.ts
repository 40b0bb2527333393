import { BrokenSample } from "../../../foundation/errors.ts";
import { checked, cutOff, type ReadHeader } from "./header.ts";

/** The block STREAMINFO, which comes first: https://www.rfc-editor.org/rfc/rfc9639 */
export const flacHeader: ReadHeader = (bytes) => {
  if (bytes.length < 42) cutOff("FLAC");
  if ((bytes[4]! & 0x7f) !== 0) throw new BrokenSample("a FLAC file without a description of its sound");
  const middle = bytes.readUInt32BE(18);
  const samples = (bytes[21]! & 0x0f) * 2 ** 32 + bytes.readUInt32BE(22);
  return checked({
    rate: middle >>> 12,
    channels: ((middle >>> 9) & 7) + 1,
    samples: samples === 0 ? undefined : samples,
  });
};
