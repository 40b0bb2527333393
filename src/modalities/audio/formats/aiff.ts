import { BrokenSample } from "../../../foundation/errors.ts";
import { checked, cutOff, type ReadHeader, tag } from "./header.ts";

/** Rates are 80-bit floats: sign and exponent in two bytes, the mantissa in eight. */
const extended = (bytes: Buffer, at: number): number =>
  (bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6)) *
  2 ** ((bytes.readUInt16BE(at) & 0x7fff) - 16383 - 63);

/** AIFF and AIFF-C. */
export const aiffHeader: ReadHeader = (bytes) => {
  if (8 + bytes.readUInt32BE(4) > bytes.length) cutOff("AIFF");
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at + 4);
    const start = at + 8;
    if (tag(bytes, at) === "COMM") {
      if (start + 18 > bytes.length) cutOff("AIFF");
      const rate = Math.round(extended(bytes, start + 8));
      return checked({ channels: bytes.readUInt16BE(start), samples: bytes.readUInt32BE(start + 2), rate });
    }
    at = start + size + (size % 2);
  }
  throw new BrokenSample("an AIFF file without a description of its sound");
};
