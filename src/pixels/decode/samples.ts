import { BrokenSample } from "../../foundation/errors.ts";
import { type Image, whiteOf } from "../image.ts";
import type { Header, OpenFile } from "./header.ts";

/** Values of black and white. */
export type Range = readonly [black: number, white: number];

/** How samples other than 8 and 16 bits become 8 bits: `gain × value + offset`, in a colour space. */
export interface Scale {
  readonly gain: number;
  readonly offset: number;
  readonly space: "b-w" | "srgb" | "scrgb";
}

const WHITE_IS_ZERO = 0;
/** What the two tags of a declared range are called. */
const TAGS = "SMinSampleValue and SMaxSampleValue";
export const isCoded = ({ space }: Header): boolean => space === "lab" || space === "labs" || space === "cmyk";

/** Whether the range of an image's samples is known only after all of them have been read. */
export const needsExtremes = (header: Header): boolean =>
  header.depth === "float" && !isCoded(header) && declared(header) === undefined;

/** Bytes that reading all samples takes. */
export const bytesOfExtremes = ({ width, height, channels, depth }: Header): number =>
  2 * width * height * channels * (depth === "ushort" ? 2 : 4);

/**
 * The range of an image's samples: the declared one (TIFF's SMinSampleValue and SMaxSampleValue), of unsigned ones that of
 * their bits. Floating-point samples without one are in 0 … 1, or in 0 … 255 if one is above 1.
 * @returns undefined for 8 and 16 bits, which the image library scales
 * @throws BrokenSample when the range is not known
 */
export async function rangeOf(header: Header, open: OpenFile): Promise<Range | undefined> {
  const { depth, tags, hasAlpha } = header;
  if (depth === "uchar" || isCoded(header)) return undefined;
  const range = declared(header) ?? (await usualRange(header, open));
  if (!range) return undefined;
  const kind = NAMES[depth];
  if (hasAlpha) throw new BrokenSample(`${kind} samples with transparency, which are not read; write 8 or 16 bits`);
  if (tags?.photometric === WHITE_IS_ZERO)
    throw new BrokenSample(`${kind} samples where 0 is white, which are not read; write 8 or 16 bits`);
  return range;
}

/** The scale to bytes of samples of a range. */
export function scaleOf({ space, isGrey }: Header, [low, high]: Range): Scale {
  // The image library has 16 bits as an intermediate step for what it calls 16 bits.
  const white = space === "grey16" || space === "rgb16" ? 65_535 : 255;
  const gain = white / (high - low);
  // It cuts off what is behind the point; of its 16 bits, the lower 8.
  const half = white === 255 ? 0.5 : 128;
  return { gain, offset: half - low * gain, space: space === "scrgb" ? "scrgb" : isGrey ? "b-w" : "srgb" };
}

const NAMES: Readonly<Record<Header["depth"], string>> = {
  uchar: "8-bit",
  char: "signed 8-bit",
  ushort: "16-bit",
  short: "signed 16-bit",
  uint: "32-bit",
  int: "signed 32-bit",
  float: "floating-point",
};

function declared({ tags }: Header): Range | undefined {
  if (tags?.most === undefined) return undefined;
  const low = tags.least ?? 0;
  if (!(Number.isFinite(low) && Number.isFinite(tags.most) && tags.most > low))
    throw new BrokenSample(`a declared range from ${low} to ${tags.most} (${TAGS})`);
  return [low, tags.most];
}

async function usualRange(header: Header, open: OpenFile): Promise<Range | undefined> {
  const { depth } = header;
  if (depth === "ushort") return undefined;
  if (depth === "uint") return [0, 2 ** 32 - 1];
  if (depth !== "float")
    throw new BrokenSample(`${NAMES[depth]} samples and no declared range; write the tags ${TAGS}, or 8 bits`);
  return rangeOfFloats(await extremes(header, open));
}

/** The range of samples that have been read, of 16 bits or floats. @throws BrokenSample when it is not known */
export function rangeOfValues(header: Header, values: Iterable<number>): Range | undefined {
  return declared(header) ?? (header.depth === "float" ? rangeOfFloats(extremesOf(values)) : undefined);
}

function rangeOfFloats([low, high]: Range): Range {
  if (Number.isNaN(low)) throw new BrokenSample("floating-point samples some of which are not numbers (NaN)");
  if (low >= 0 && high <= 255) return high <= 1 ? [0, 1] : [0, 255];
  throw new BrokenSample(
    `floating-point samples from ${low.toPrecision(3)} to ${high.toPrecision(3)} and no declared range; write the tags ${TAGS}, or values in 0 … 1`,
  );
}

/** The least and the greatest sample of the whole image; NaN if any is not a number. */
async function extremes({ depth, space }: Header, open: OpenFile): Promise<readonly [number, number]> {
  const as = depth === "ushort" || depth === "uint" ? depth : "float";
  const { buffer, byteOffset, byteLength } = await open("error").toColourspace(space).raw({ depth: as }).toBuffer();
  const values =
    as === "ushort"
      ? new Uint16Array(buffer, byteOffset, byteLength / 2)
      : new (as === "uint" ? Uint32Array : Float32Array)(buffer, byteOffset, byteLength / 4);
  return extremesOf(values);
}

function extremesOf(values: Iterable<number>): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (Number.isNaN(value)) return [value, value];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Samples below this share of the range are those of a detector of fewer bits: 12 bits written as 16. */
const USED_SHARE = 16;

/** Whether an image came out nearly black because its samples may be of fewer bits than they are written with. */
export function seemsDark({ depth, hasAlpha, tags }: Header, { data }: Image): boolean {
  // Of 16 bits that are kept, the range is found from many images.
  const isScaled = depth === "uint" || (depth === "ushort" && !(data instanceof Uint16Array));
  if (!isScaled || hasAlpha || tags?.most !== undefined) return false;
  const most = (whiteOf(data) + 1) / USED_SHARE;
  return data.every((value: number) => value <= most);
}

/** @throws BrokenSample when all samples, some above 0, are in the lowest sixteenth of their range */
export async function refuseDark(header: Header, open: OpenFile): Promise<void> {
  const [, high] = await extremes(header, open);
  const most = header.depth === "ushort" ? 2 ** 16 : 2 ** 32;
  if (high > 0 && high < most / USED_SHARE)
    throw new BrokenSample(
      `${NAMES[header.depth]} samples of which none is above ${high.toLocaleString("en")}, and no declared range (SMaxSampleValue): it would be black; scale them to all ${Math.log2(most)} bits, or write 8`,
    );
}
