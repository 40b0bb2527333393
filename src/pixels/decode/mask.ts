import { crc32 } from "node:zlib";
import type { Mask } from "../../data/targets/masks.ts";
import { BrokenSample } from "../../foundation/errors.ts";
import { loadSharp } from "../../interop/sharp.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Types of PNG. */
const [GREY, PALETTE] = [0, 3];

/**
 * Reads a mask from a PNG: the indices of a palette, or the levels of grey, are the numbers of classes.
 * @throws BrokenSample when it is no PNG, is damaged, has colours, or more than 256 levels
 */
export async function decodeMask(bytes: Uint8Array): Promise<Mask> {
  if (SIGNATURE.some((byte, at) => bytes[at] !== byte) || bytes.length < 33)
    throw new BrokenSample("not a PNG; masks are lossless");
  const [depth, type] = [bytes[24]!, bytes[25]!];
  if (type !== GREY && type !== PALETTE)
    throw new BrokenSample(
      "its pixels have colours; a mask has a palette's indices or levels of grey, one number for each class",
    );
  if (depth > 8) throw new BrokenSample(`${depth} bits a pixel; a mask has 8 at most`);
  const sharp = await loadSharp();
  try {
    const { data, info } = await sharp(asGrey(bytes), { failOn: "warning" })
      .toColourspace("b-w")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 1) throw new BrokenSample(`${info.channels} channels`);
    // Fewer bits are decoded as levels from black to white.
    const step = 255 / (2 ** depth - 1);
    return { width: info.width, height: info.height, data: Uint8Array.from(data, (level) => level / step) };
  } catch (error) {
    if (error instanceof BrokenSample) throw error;
    throw new BrokenSample("not a decodable PNG");
  }
}

/** Chunks that give levels another meaning. */
const MEANINGS = new Set(["PLTE", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "bKGD", "hIST", "cICP"]);

/** The PNG with the same numbers as levels of grey: decoders give a palette's colours only. */
function asGrey(given: Uint8Array): Uint8Array {
  // A copy with a buffer of its own: slices of a Buffer are none.
  const bytes = new Uint8Array(given);
  const view = new DataView(bytes.buffer);
  const parts: Uint8Array[] = [bytes.slice(0, 8)];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const chunk = bytes.slice(at, end);
    if (name === "IHDR") {
      chunk[17] = GREY;
      new DataView(chunk.buffer).setUint32(chunk.length - 4, crc32(chunk.subarray(4, chunk.length - 4)));
    }
    if (!MEANINGS.has(name)) parts.push(chunk);
    at = end;
  }
  return Buffer.concat(parts);
}
