import { BrokenSample, messageOf } from "../../foundation/errors.ts";
import { loadSharp } from "../../interop/sharp.ts";
import type { Image } from "./image.ts";

/** Largest image that is decoded: 20,000 × 20,000 pixels. */
const PIXEL_LIMIT = 20_000 * 20_000;

/** Most squares of the short side to which the area of a long narrow image is limited. */
const LONGEST_STRIP = 16;

/** Default short side of a decoded image. */
export const DEFAULT_SHORT_SIDE = 1024;

/**
 * Decodes JPEG, PNG, WebP and sharp's other formats: EXIF orientation applied, transparency on white, CMYK and 16 bits to
 * 8-bit sRGB, grey kept grey.
 * @param shortSide larger images are shrunk while decoding, to this short side
 * @throws BrokenSample when it is not a complete image, or has more than 20,000 × 20,000 pixels
 */
export async function decode(bytes: Uint8Array, shortSide = DEFAULT_SHORT_SIDE): Promise<Image> {
  const sharp = await loadSharp();
  try {
    const input = sharp(bytes, { limitInputPixels: PIXEL_LIMIT, failOn: "truncated", sequentialRead: true });
    const { width = 0, height = 0, space = "", hasAlpha, format } = await input.metadata();
    const grey = space === "b-w" || space === "grey16";
    let pipeline = input.autoOrient();
    if (hasAlpha) pipeline = pipeline.flatten({ background: "white" });
    const short = Math.min(width, height);
    // A strip may be any length: its area is limited, too.
    const side = Math.min(shortSide, Math.ceil(short * Math.sqrt((LONGEST_STRIP * shortSide ** 2) / (width * height))));
    if (short > side) pipeline = pipeline.resize({ width: side, height: side, fit: "outside", kernel: "linear" });
    if (format === undefined) throw new Error("unknown format");
    const { data, info } = await pipeline
      .toColourspace(grey ? "b-w" : "srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 1 && info.channels !== 3) throw new Error(`${info.channels} channels`);
    return {
      width: info.width,
      height: info.height,
      channels: info.channels,
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    };
  } catch (error) {
    throw new BrokenSample(`not a decodable image (${reasonOf(bytes, error)})`);
  }
}

const signatures: readonly (readonly [name: string, at: number, start: string])[] = [
  ["JPEG", 0, "\xff\xd8\xff"],
  ["PNG", 0, "\x89PNG"],
  ["WebP", 8, "WEBP"],
  ["GIF", 0, "GIF8"],
];

/** Why an image could not be decoded, in plain words if possible. */
function reasonOf(bytes: Uint8Array, error: unknown): string {
  if (bytes.length === 0) return "empty file";
  const start = Buffer.from(bytes.subarray(0, 512)).toString("latin1");
  const format = signatures.find(([, at, signature]) => start.startsWith(signature, at))?.[0];
  const message = messageOf(error);
  if (/pixel limit/i.test(message)) return `more than ${PIXEL_LIMIT / 1e6} million pixels`;
  if (format && /premature end|truncat|read error|unable to parse|corrupt|no image/i.test(message))
    return `truncated ${format}`;
  // Image files are full of control characters; text has only line breaks and tabs.
  if (!format && !/[^\t\n\r -~\x80-\xff]/.test(start)) return "text, not an image";
  return message.replace(/^Input (buffer|file) /, "");
}

const extensions = new Set([".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".avif"]);

/** Whether the name is that of an image file; only decoding shows what it contains. */
export const hasImageName = (name: string): boolean => extensions.has(name.slice(name.lastIndexOf(".")).toLowerCase());
