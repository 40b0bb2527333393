import { allowedForDecoding, type MemoryBudget, memoryBudget } from "../../foundation/memory.ts";
import type { Depth, Header } from "./header.ts";

/** Memory for the decodes under way in a thread, unless the user allows another amount (`--max-pixels`). */
const DEFAULT_BYTES = 256 * 2 ** 20;

let own: MemoryBudget | undefined;

/** The budget of this thread, for images on disk. */
export function decodingBudget(): MemoryBudget {
  own ??= memoryBudget(allowedForDecoding() ?? DEFAULT_BYTES);
  return own;
}

const SAMPLE_BYTES: Readonly<Record<Depth, number>> = {
  uchar: 1,
  char: 1,
  ushort: 2,
  short: 2,
  uint: 4,
  int: 4,
  float: 4,
};

/** Rows that the image library keeps while it shrinks an image that is read row by row, measured. */
const ROWS = 2048;
/** Copies of a low image that it keeps instead, as each stage has its own. */
const STAGES = 4;

/**
 * Upper limit of the memory that decoding takes beside the file, in bytes, from measurements of each decoder: rows of those
 * that read row by row, the whole image of those that cannot.
 * @param bytes the file, of which only the first are looked at
 * @param output width × height after shrinking
 */
export function bytesToDecode(header: Header, bytes: Uint8Array, output: { width: number; height: number }): number {
  const { format, width, height, channels, depth } = header;
  const pixels = width * height;
  const shrunk = output.width * output.height;
  const row = width * channels * SAMPLE_BYTES[depth];
  const rows = Math.min(STAGES * height, ROWS) * row;
  // What is resized, and its copy in this process.
  const result = 2 * shrunk * channels * SAMPLE_BYTES[depth];
  switch (format) {
    case "JPEG": {
      // It is shrunk by up to 8 while decoding. With several scans the coefficients of the whole image are kept.
      const factor = 2 ** Math.min(3, Math.max(0, Math.floor(Math.log2(width / output.width))));
      const kept = header.isProgressive ? 2 * pixels * planes(header) : 0;
      return rows / factor + kept + result;
    }
    case "PNG":
      return rows + result + (header.isProgressive ? row * height : 0);
    case "GIF":
      return rows + result + 4 * pixels;
    case "WebP": {
      // Lossy images are scaled while they are decoded; others are kept whole, animated ones twice.
      const isLossy = bytes[15] === 0x20;
      return isLossy ? 4 * shrunk + result : rows + result + (header.pages > 1 ? 8 : 4) * pixels;
    }
    case "TIFF":
      // Blocks are decoded whole, a row of them at a time, and kept with their neighbours.
      return rows + result + 3 * row * Math.min(height, header.tags?.blockRows ?? 1);
    case "AVIF":
      return rows + result + 18.5 * pixels;
  }
}

/** Planes of a JPEG image, chroma counted by the share that is left of it. */
function planes({ channels, chromaSubsampling }: Header): number {
  if (channels !== 3) return channels;
  return chromaSubsampling === "4:2:0" ? 1.5 : chromaSubsampling === "4:2:2" ? 2 : 3;
}
