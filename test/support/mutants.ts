import { Rng } from "../../src/array/rng.ts";

/** Values that lengths go wrong with. */
const EXTREMES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];

/**
 * Damaged copies of a file, the same for the same seed: bytes changed at random or to extremes, runs of 0xff, parts cut out,
 * doubled, zeroed, the end missing.
 */
export function mutants(whole: Uint8Array, count: number, seed = 0): Buffer[] {
  return Array.from({ length: count }, (_, number) => {
    const rng = new Rng(seed).split(number);
    let bytes = Buffer.from(whole);
    for (let times = 1 + rng.integer(0, 2); times > 0; times--) {
      const at = rng.integer(0, bytes.length - 1);
      const length = 1 + rng.integer(0, Math.min(64, bytes.length - at) - 1);
      const part = bytes.subarray(at, at + length);
      const ways = [
        () => bytes.writeUInt8(rng.integer(0, 255), at),
        () => bytes.writeUInt8(EXTREMES[rng.integer(0, EXTREMES.length - 1)]!, at),
        () => bytes.fill(0xff, at, at + Math.min(8, length)),
        () => part.fill(0),
        () => {
          bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        },
        () => {
          bytes = Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
        },
        () => {
          bytes = Buffer.from(bytes.subarray(0, at + 1));
        },
      ];
      ways[rng.integer(0, ways.length - 1)]!();
      if (bytes.length === 0) return bytes;
    }
    return bytes;
  });
}
