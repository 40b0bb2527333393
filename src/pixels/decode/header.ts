import type { Metadata, Sharp } from "sharp";
import { BrokenSample } from "../../foundation/errors.ts";
import type { FormatName } from "./formats.ts";
import type { Keep } from "./keep.ts";
import { type TiffTags, tiffTags, whyCompressed } from "./tiff.ts";

/** What the header of an image says, before any pixel is decoded. */
export interface Header {
  readonly format: FormatName;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly isGrey: boolean;
  readonly hasAlpha: boolean;
  /** All channels are read as they are: some are no colours, or transparency is wanted as a channel. */
  readonly isOfBands: boolean;
  /** The image library's name of the colour space. */
  readonly space: string;
  /** Of a sample. */
  readonly depth: Depth;
  /** Interlaced, or of several scans. */
  readonly isProgressive: boolean;
  readonly chromaSubsampling: string;
  readonly pages: number;
  readonly tags: TiffTags | undefined;
}

/** What the image library stops at. */
export type FailOn = "error" | "warning";
/** Opens the image library on a file's contents. */
export type OpenFile = (failOn: FailOn) => Sharp;

export type Depth = "uchar" | "char" | "ushort" | "short" | "uint" | "int" | "float";

/** Colour channels of the colour spaces that are read; transparency comes on top. */
const COLOURS: Readonly<Record<string, number>> = {
  "b-w": 1,
  grey16: 1,
  srgb: 3,
  rgb16: 3,
  scrgb: 3,
  lab: 3,
  labs: 3,
  cmyk: 4,
};

const depths: readonly Depth[] = ["uchar", "char", "ushort", "short", "uint", "int", "float"];

/**
 * Reads and checks the header.
 * @param input the image library on these bytes
 * @param keep channels that are kept
 * @throws BrokenSample when the channels or the kind of numbers is not one that is decoded
 */
export async function readHeader(
  bytes: Uint8Array,
  format: FormatName,
  input: Sharp,
  keep: Pick<Keep, "bands" | "alpha">,
): Promise<Header> {
  const tags = format === "TIFF" ? tagsOf(bytes) : undefined;
  if (tags) refuseTags(tags);
  const found: Metadata = await input.metadata();
  const { width = 0, height = 0, space = "", hasAlpha = false, channels = 0 } = found;
  if (found.format !== (format === "AVIF" ? "heif" : format.toLowerCase()))
    throw new BrokenSample(`its first bytes say ${format}, and what follows says ${found.format}`);
  const depth = depths.find((name) => name === found.depth);
  if (!depth) throw new BrokenSample(`samples of type ${found.depth}, which are not read; write 8 or 16 bits`);
  const colours = COLOURS[space];
  const isAlpha = !tags || tags.extraSamples[0] === 1 || tags.extraSamples[0] === 2;
  const extra = colours === undefined ? Number.NaN : channels - colours;
  const isPicture = extra === 0 || (extra === 1 && hasAlpha && isAlpha);
  const isOfBands = isPicture
    ? extra === 1 && keep.alpha === true
    : tags !== undefined && extra > 0 && keep.bands === true;
  if (!(isPicture || isOfBands))
    throw new BrokenSample(
      `${channels} channels${extra === 1 ? ", one of them of no declared meaning" : ""}; an image has 1 (grey) or 3 (colour), and one more for transparency`,
    );
  return {
    format,
    width,
    height,
    channels,
    isGrey: colours === 1,
    hasAlpha: extra === 1 && !isOfBands,
    isOfBands,
    space,
    depth,
    isProgressive: found.isProgressive ?? false,
    chromaSubsampling: found.chromaSubsampling ?? "",
    pages: found.pages ?? 1,
    tags,
  };
}

function tagsOf(bytes: Uint8Array): TiffTags {
  try {
    return tiffTags(bytes);
  } catch {
    throw new BrokenSample("truncated TIFF");
  }
}

/** @throws BrokenSample for what the image library would refuse in words of its own, or misread */
function refuseTags(tags: TiffTags): void {
  const compression = whyCompressed(tags);
  if (compression) throw new BrokenSample(compression);
  const { bitsPerSample: bits, sampleFormat } = tags;
  const isFloat = sampleFormat === 3;
  const kind = isFloat ? "floating-point" : sampleFormat > 3 && sampleFormat !== 4 ? "complex" : "integer";
  const isRead = kind === "complex" ? false : isFloat ? bits === 32 : [1, 2, 4, 8, 16, 32].includes(bits);
  if (!isRead) throw new BrokenSample(`${kind} samples of ${bits} bits, which are not read; write 8 or 16 bits`);
}
