import { BrokenSample } from "../../../foundation/errors.ts";
import { checked, cutOff, type ReadHeader, tag } from "./header.ts";

/** Lengths that streaming writers leave: the data go on to the end of the file. */
const UNKNOWN: readonly number[] = [0, 0xffffffff];
const EXTENSIBLE = 0xfffe;
const ADPCM: readonly number[] = [0x2, 0x11];

/** RIFF WAVE: http://soundfile.sapp.org/doc/WaveFormat/ */
export const wavHeader: ReadHeader = (bytes) => {
  let format: { rate: number; channels: number; block: number; codec: number } | undefined;
  let stated: number | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32LE(at + 4);
    const start = at + 8;
    if (tag(bytes, at) === "fmt ") {
      if (size < 16 || start + 16 > bytes.length) cutOff("WAV");
      const codec = bytes.readUInt16LE(start);
      format = {
        codec: codec === EXTENSIBLE && start + 26 <= bytes.length ? bytes.readUInt16LE(start + 24) : codec,
        channels: bytes.readUInt16LE(start + 2),
        rate: bytes.readUInt32LE(start + 4),
        block: bytes.readUInt16LE(start + 12),
      };
    } else if (tag(bytes, at) === "fact" && start + 4 <= bytes.length) stated = bytes.readUInt32LE(start);
    else if (tag(bytes, at) === "data") {
      if (!format) break;
      const rest = bytes.length - start;
      const length = UNKNOWN.includes(size) ? rest : size;
      if (length > rest) cutOff("WAV");
      const { rate, channels, block, codec } = format;
      if (block === 0) throw new BrokenSample("a WAV header with blocks of 0 bytes");
      const samples = ADPCM.includes(codec) ? stated : Math.floor(length / block);
      return checked({ rate, channels, samples, start });
    }
    at = start + size + (size % 2);
  }
  throw new BrokenSample("a WAV file without format or data");
};
