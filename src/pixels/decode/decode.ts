import type { OutputInfo, Sharp } from "sharp";
import { BrokenSample, messageOf } from "../../foundation/errors.ts";
import { inBytes, type MemoryBudget } from "../../foundation/memory.ts";
import { loadSharp } from "../../interop/sharp.ts";
import { type Image, type Samples, withBits } from "../image.ts";
import { resizedCrop } from "../transforms/resize.ts";
import { bandsOf } from "./bands.ts";
import { inWords, isHarmless } from "./damage.ts";
import { decodeDicom, isDicom } from "./dicom.ts";
import { type FormatName, formatOf, whyNotRead } from "./formats.ts";
import { type FailOn, type Header, type OpenFile, readHeader } from "./header.ts";
import type { Keep } from "./keep.ts";
import { bytesToDecode, decodingBudget } from "./memory.ts";
import {
  bytesOfExtremes,
  isCoded,
  needsExtremes,
  type Range,
  rangeOf,
  refuseDark,
  scaleOf,
  seemsDark,
} from "./samples.ts";

/** Largest image that is decoded: 20,000 × 20,000 pixels. */
const PIXEL_LIMIT = 20_000 * 20_000;

/** Most squares of the short side to which the area of a long narrow image is limited. */
const LONGEST_STRIP = 16;

/** Default short side of a decoded image. */
export const DEFAULT_SHORT_SIDE = 1024;

/**
 * Decodes JPEG, PNG, WebP, GIF, TIFF and AVIF, of several pages or frames the first: EXIF orientation applied, transparency
 * on white, CMYK and other numbers than 8 bits to 8-bit sRGB, grey kept grey. The format is told by the contents.
 * @param shortSide larger images are shrunk while decoding, to this short side
 * @param memory for all decodes under way; by default this thread's
 * @param keep what is kept instead
 * @throws BrokenSample when it is not a complete, undamaged image, when it has more than 20,000 × 20,000 pixels, or when
 *   decoding it would take more memory than the budget has
 */
export async function decode(
  bytes: Uint8Array,
  shortSide = DEFAULT_SHORT_SIDE,
  memory: MemoryBudget = decodingBudget(),
  keep: Keep = {},
): Promise<Image> {
  if (isDicom(bytes)) return dicom(bytes, shortSide, memory, keep);
  const sharp = await loadSharp();
  const openOn =
    (file: Uint8Array): OpenFile =>
    (failOn) =>
      sharp(file, { limitInputPixels: PIXEL_LIMIT, limitInputChannels: 0, failOn, sequentialRead: true });
  const open = openOn(bytes);
  const format = formatOf(bytes);
  if (!format) throw broken(whyNotRead(bytes));
  let isProgressive = false;
  const attempt = async (failOn: FailOn): Promise<Image> => {
    const input = open(failOn);
    const header = await readHeader(bytes, format, input, keep);
    isProgressive = header.isProgressive;
    const size = shrunk(header, shortSide);
    const within = <Result>(needed: number, work: () => Promise<Result>) => withMemory(header, needed, memory, work);
    if (header.isOfBands) {
      const work = () => bandsOf(header, bytes, (file) => openOn(file)(failOn), keep);
      const whole = await within(bytesToDecode(header, bytes, header), work);
      return shrunkTo(whole, size);
    }
    const range = await within(needsExtremes(header) ? bytesOfExtremes(header) : 0, () => rangeOf(header, open));
    const read = keep.depth && header.depth !== "uchar" && !isCoded(header) ? deepPixels : pixels;
    const image = await within(bytesToDecode(header, bytes, size ?? header), () => read(header, input, size, range));
    if (seemsDark(header, image)) await within(bytesOfExtremes(header), () => refuseDark(header, open));
    return image;
  };
  try {
    // Damage that some decoders only warn of must not pass, and odd headers, which they warn of too, must.
    return await attempt("warning").catch((error: unknown) => {
      if (isHarmless(textOf(error), format, isProgressive)) return attempt("error");
      throw error;
    });
  } catch (error) {
    throw broken(error instanceof BrokenSample ? error.message : reasonOf(bytes, format, error));
  }
}

/** A DICOM file, the middle frame of several. */
async function dicom(bytes: Uint8Array, shortSide: number, memory: MemoryBudget, keep: Keep): Promise<Image> {
  try {
    const whole = await decodeDicom(bytes, memory, (file) => decode(file, undefined, memory));
    const image = shrunkTo(whole, shrunk(whole, shortSide));
    return keep.depth ? image : withBits(image, 8);
  } catch (error) {
    if (error instanceof BrokenSample) throw broken(error.message);
    throw error;
  }
}

const broken = (why: string) => new BrokenSample(`not a decodable image (${why})`);

/** @throws BrokenSample when the work takes more memory than the budget has */
async function withMemory<Result>(
  { width, height, format }: Header,
  needed: number,
  memory: MemoryBudget,
  work: () => Promise<Result>,
): Promise<Result> {
  if (needed > memory.bytes)
    throw new BrokenSample(
      `${width} × ${height} pixels of ${format}, which take ${inBytes(needed)} to decode; ${inBytes(memory.bytes)} are allowed (--max-pixels ${Math.ceil(needed / 2 ** 22)}m would do)`,
    );
  const giveBack = await memory.take(needed);
  try {
    return await work();
  } finally {
    giveBack();
  }
}

/** The size of a header's image when it is shrunk, and the square that it is shrunk to cover; undefined if it is not. */
function shrunk({ width, height }: Pick<Header, "width" | "height">, shortSide: number) {
  const short = Math.min(width, height);
  // A strip may be any length: its area is limited, too.
  const side = Math.min(shortSide, Math.ceil(short * Math.sqrt((LONGEST_STRIP * shortSide ** 2) / (width * height))));
  if (short <= side) return undefined;
  return { side, width: Math.round((width * side) / short), height: Math.round((height * side) / short) };
}

/** The image library takes the last channel for transparency when it shrinks, so channels that are kept are shrunk here. */
const shrunkTo = (image: Image, size: { readonly side: number } | undefined): Image => {
  if (!size) return image;
  const { width, height } = image;
  const scale = size.side / Math.min(width, height);
  const box = { top: 0, left: 0, width, height };
  return resizedCrop(image, box, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
};

/** The image upright and shrunk, transparency on white. */
function upright(header: Header, input: Sharp, size: { side: number } | undefined): Sharp {
  let pipeline = input.autoOrient();
  if (header.hasAlpha) pipeline = pipeline.flatten({ background: "white" });
  if (size) pipeline = pipeline.resize({ width: size.side, height: size.side, fit: "outside", kernel: "linear" });
  return pipeline;
}

/** Its samples as bytes. */
async function pixels(
  header: Header,
  input: Sharp,
  size: { side: number } | undefined,
  range: Range | undefined,
): Promise<Image> {
  let pipeline = upright(header, input, size);
  const scale = range && scaleOf(header, range);
  if (scale) pipeline = pipeline.linear(scale.gain, scale.offset);
  const { data, info } = await pipeline
    .toColourspace(scale?.space ?? (header.isGrey ? "b-w" : "srgb"))
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return imageOf(info, new Uint8Array(data.buffer, data.byteOffset, data.length));
}

/** Its samples as 16 bits. */
async function deepPixels(
  header: Header,
  input: Sharp,
  size: { side: number } | undefined,
  range: Range | undefined,
): Promise<Image> {
  const { space } = header;
  const [low, high] = range ?? [0, 65_535];
  const gain = 65_535 / (high - low);
  // The image library cuts what it calls 16 bits off at both ends.
  const isCut = space === "grey16" || space === "rgb16";
  let pipeline = upright(header, input, size);
  if (range && isCut) pipeline = pipeline.linear(gain, 0.5 - low * gain);
  const depth = !range || isCut ? "ushort" : header.depth === "uint" ? "uint" : "float";
  const { data, info } = await pipeline.toColourspace(space).raw({ depth }).toBuffer({ resolveWithObject: true });
  const { buffer, byteOffset, length } = data;
  if (depth === "ushort") return imageOf(info, new Uint16Array(buffer, byteOffset, length / 2));
  const values = new (depth === "uint" ? Uint32Array : Float32Array)(buffer, byteOffset, length / 4);
  const scaled = (value: number) => Math.max(0, Math.min(65_535, Math.round((value - low) * gain)));
  return imageOf(info, Uint16Array.from(values, scaled));
}

function imageOf({ width, height, channels }: OutputInfo, data: Samples): Image {
  if (channels !== 1 && channels !== 3) throw new BrokenSample(`${channels} channels`);
  return { width, height, channels, data };
}

/** Why an image could not be decoded, in plain words if possible. */
function reasonOf(bytes: Uint8Array, format: FormatName, error: unknown): string {
  const message = textOf(error);
  if (/pixel limit/i.test(message)) return `more than ${PIXEL_LIMIT / 1e6} million pixels`;
  return messageOf(inWords(message, format, bytes));
}

/** With its line breaks, which tell one warning from the next. */
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
