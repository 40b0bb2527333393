import { createRequire } from "node:module";
import { inflateRawSync } from "node:zlib";
import type { DataSet, Element } from "dicom-parser";
import { BrokenSample } from "../../foundation/errors.ts";
import type { MemoryBudget } from "../../foundation/memory.ts";
import { type Image, whiteOf } from "../image.ts";
import { unpackBits } from "./pack-bits.ts";

/** Whether a file is DICOM by its first bytes. */
export const isDicom = (bytes: Uint8Array): boolean =>
  bytes.length > 132 && Buffer.from(bytes.subarray(128, 132)).toString("latin1") === "DICM";

/** Largest image that is decoded, in pixels, and most bytes that a deflated file may have. */
const [MOST_PIXELS, MOST_INFLATED] = [2 ** 27, 2 ** 30];

const SYNTAX = "1.2.840.10008.1.2";
const [DEFLATED, BIG_ENDIAN, RLE, JPEG] = [`${SYNTAX}.1.99`, `${SYNTAX}.2`, `${SYNTAX}.5`, `${SYNTAX}.4.50`];
const PLAIN = new Set([SYNTAX, `${SYNTAX}.1`, DEFLATED, BIG_ENDIAN]);
/** Ways of compression that are not undone. */
const undone: Readonly<Record<string, string>> = {
  [`${SYNTAX}.4.51`]: "JPEG of 12 bits",
  [`${SYNTAX}.4.57`]: "lossless JPEG",
  [`${SYNTAX}.4.70`]: "lossless JPEG",
  [`${SYNTAX}.4.80`]: "JPEG-LS",
  [`${SYNTAX}.4.81`]: "JPEG-LS",
  [`${SYNTAX}.4.90`]: "JPEG 2000",
  [`${SYNTAX}.4.91`]: "JPEG 2000",
};

/** What the header says of the pixels; nothing of the patient is read. */
interface Header {
  readonly width: number;
  readonly height: number;
  /** Of a pixel: 1 or 3. */
  readonly samples: number;
  readonly allocated: number;
  readonly stored: number;
  readonly isSigned: boolean;
  readonly isPlanar: boolean;
  readonly photometric: string;
  readonly frames: number;
  readonly syntax: string;
  /** Hounsfield units of computed tomography: `slope × stored + intercept`. */
  readonly rescale: readonly [slope: number, intercept: number] | undefined;
}

/**
 * Decodes the middle frame of a DICOM file. Grey is of bytes where it has no more bits, else of 16 bits: Hounsfield units plus 1,024 of computed tomography, else the
 * stored values, signed ones from 0. Black is 0 (MONOCHROME1 is inverted). Colour is of bytes.
 * @param jpeg decodes what is compressed with JPEG
 * @throws BrokenSample when it has no pixels, is damaged, or compressed otherwise; never with anything about the patient
 */
export async function decodeDicom(
  bytes: Uint8Array,
  memory: MemoryBudget,
  jpeg: (bytes: Uint8Array) => Promise<Image>,
): Promise<Image> {
  const { set, pixels } = parsed(bytes);
  const header = headerOf(set);
  const { width, height, samples, allocated, syntax } = header;
  const needed = width * height * samples * (allocated / 8 + 4);
  if (width * height > MOST_PIXELS || needed > memory.bytes)
    throw new BrokenSample(`${width} × ${height} pixels, which take more memory than is allowed (--max-pixels)`);
  if (syntax === JPEG) {
    const file = fragmentsOf(set, pixels, header);
    if (file[0] !== 0xff || file[1] !== 0xd8) throw new BrokenSample("damaged DICOM: its pixels are no JPEG");
    return jpeg(file);
  }
  const giveBack = await memory.take(needed);
  try {
    const stored = PLAIN.has(syntax) ? plainFrame(set, pixels, header) : rleFrame(set, pixels, header);
    return samples === 1 ? greyOf(stored, set, header) : colourOf(stored, header);
  } catch (error) {
    if (error instanceof BrokenSample) throw error;
    throw new BrokenSample("damaged DICOM: its pixels end early or are not where it says");
  } finally {
    giveBack();
  }
}

/** Whose image a file is, to keep one patient's together; never to be shown or written. Undefined when it does not say. */
export function patientOf(bytes: Uint8Array): string | undefined {
  try {
    return (isDicom(bytes) && setOf(bytes, { untilTag: PATIENT }).string(PATIENT)?.trim()) || undefined;
  } catch {
    return undefined;
  }
}

const PATIENT = "x00100020";

function setOf(bytes: Uint8Array, options: { readonly untilTag?: string } = {}): DataSet {
  const parser: typeof import("dicom-parser") = createRequire(import.meta.url)("dicom-parser");
  return parser.parseDicom(bytes, {
    ...options,
    inflater: (file: Uint8Array, position: number) =>
      Buffer.concat([
        file.subarray(0, position),
        inflateRawSync(file.subarray(position), { maxOutputLength: MOST_INFLATED }),
      ]),
  });
}

function parsed(bytes: Uint8Array): { set: DataSet; pixels: Element } {
  let set: DataSet;
  try {
    set = setOf(bytes);
  } catch {
    // The parser's words may quote the file.
    throw new BrokenSample("damaged DICOM: its elements cannot be read");
  }
  const pixels = set.elements.x7fe00010;
  if (!pixels) throw new BrokenSample("DICOM without pixels: a report, a plan or a waveform");
  return { set, pixels };
}

function headerOf(set: DataSet): Header {
  const number = (tag: string, usual: number) => set.uint16(tag) ?? usual;
  const [height, width] = [number("x00280010", 0), number("x00280011", 0)];
  const allocated = number("x00280100", 0);
  const stored = number("x00280101", allocated);
  const samples = number("x00280002", 1);
  const syntax = set.string("x00020010") ?? SYNTAX;
  if (!PLAIN.has(syntax) && syntax !== RLE && syntax !== JPEG)
    throw new BrokenSample(
      `DICOM compressed with ${undone[syntax] ?? `an unknown method (${/^[\d.]{1,64}$/.test(syntax) ? syntax : "no number"})`}, which is not decoded; convert it without compression (gdcmconv --raw)`,
    );
  if (width * height === 0) throw new BrokenSample("DICOM of no rows or columns");
  if ((samples !== 1 && samples !== 3) || (allocated !== 8 && allocated !== 16) || stored < 1 || stored > allocated)
    throw new BrokenSample(
      `DICOM of ${samples} samples a pixel, ${stored} of ${allocated} bits; 1 or 3 of 8 or 16 are read`,
    );
  if (samples === 3 && allocated !== 8) throw new BrokenSample("DICOM of colours of 16 bits, which are not read");
  const [slope, intercept] = [set.floatString("x00281053"), set.floatString("x00281052")];
  const isTomography = set.string("x00080060") === "CT" && slope !== undefined && intercept !== undefined;
  const frames = set.intString("x00280008") ?? 1;
  return {
    ...{ width, height, samples, allocated, stored, syntax },
    isSigned: number("x00280103", 0) === 1,
    isPlanar: number("x00280006", 0) === 1,
    photometric: set.string("x00280004") ?? "MONOCHROME2",
    frames: Number.isInteger(frames) && frames > 0 ? frames : 1,
    rescale: isTomography ? [slope, intercept] : undefined,
  };
}

type Stored = Uint8Array | Uint16Array;
const bytesOfFrame = ({ width, height, samples, allocated }: Header) => width * height * samples * (allocated / 8);
const middle = ({ frames }: Header) => Math.floor(frames / 2);

function plainFrame(set: DataSet, { dataOffset, length }: Element, header: Header): Stored {
  const size = bytesOfFrame(header);
  const isHalved = header.photometric === "YBR_FULL_422" || header.photometric === "YBR_PARTIAL_422";
  if (isHalved) throw new BrokenSample(`DICOM of ${header.photometric} colours, which are not read`);
  const start = dataOffset + middle(header) * size;
  if (start + size > Math.min(set.byteArray.length, dataOffset + length)) throw new BrokenSample("truncated DICOM");
  const frame = set.byteArray.subarray(start, start + size);
  if (header.allocated === 8) return Uint8Array.from(frame);
  const view = new DataView(frame.buffer, frame.byteOffset, size);
  const isLittle = header.syntax !== BIG_ENDIAN;
  return Uint16Array.from({ length: size / 2 }, (_, at) => view.getUint16(2 * at, isLittle));
}

/** The compressed bytes of the middle frame, where every frame is a fragment, or all fragments are of the only one. */
function fragmentsOf(set: DataSet, { fragments = [] }: Element, header: Header): Uint8Array {
  const parts = header.frames === 1 ? fragments : fragments.slice(middle(header), middle(header) + 1);
  if (parts.length === 0 || (header.frames > 1 && fragments.length !== header.frames))
    throw new BrokenSample(`DICOM of ${header.frames} frames in ${fragments.length} fragments`);
  return Buffer.concat(parts.map(({ position, length }) => set.byteArray.subarray(position, position + length)));
}

/** https://dicom.nema.org/medical/dicom/current/output/html/part05.html#chapter_G: a segment for each byte of a sample. */
function rleFrame(set: DataSet, element: Element, header: Header): Stored {
  const bytes = fragmentsOf(set, element, header);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { width, height, samples, allocated } = header;
  const plane = width * height;
  const each = allocated / 8;
  const count = view.getUint32(0, true);
  if (count !== samples * each) throw new BrokenSample(`DICOM of ${count} RLE segments instead of ${samples * each}`);
  const frame = allocated === 8 ? new Uint8Array(plane * samples) : new Uint16Array(plane * samples);
  for (let segment = 0; segment < count; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < count ? view.getUint32(8 + 4 * segment, true) : bytes.length;
    const unpacked = unpackBits(bytes.subarray(start, end), plane);
    if (!unpacked) throw new BrokenSample("truncated DICOM: an RLE segment ends early");
    // The highest byte comes first.
    const [sample, factor] = [Math.floor(segment / each), 256 ** (each - 1 - (segment % each))];
    for (let at = 0; at < plane; at++) frame[at * samples + sample]! += unpacked[at]! * factor;
  }
  return frame;
}

function greyOf(stored: Stored, set: DataSet, header: Header): Image {
  const { width, height, photometric, rescale, isSigned } = header;
  if (photometric === "PALETTE COLOR") throw new BrokenSample("DICOM of palette colours, which are not read");
  const range = 2 ** header.stored;
  const padding = rescale && (isSigned ? set.int16("x00280120") : set.uint16("x00280120"));
  const data = header.stored <= 8 && !rescale ? new Uint8Array(stored.length) : new Uint16Array(stored.length);
  const white = whiteOf(data);
  for (let at = 0; at < data.length; at++) {
    // Bits above those that are stored may hold overlays.
    const bits = stored[at]! % range;
    const value = isSigned && bits >= range / 2 ? bits - range : bits;
    const shifted = rescale
      ? value === padding
        ? 0
        : Math.round(rescale[0] * value + rescale[1]) + AIR
      : isSigned
        ? value + range / 2
        : value;
    data[at] = Math.max(0, Math.min(white, photometric === "MONOCHROME1" ? range - 1 - shifted : shifted));
  }
  return { width, height, channels: 1, data };
}

/** Hounsfield units of air, negated: the least that scanners give. */
const AIR = 1024;

function colourOf(stored: Stored, { width, height, isPlanar, syntax, photometric }: Header): Image {
  const plane = width * height;
  const data = new Uint8Array(3 * plane);
  // RLE's segments have been interleaved already.
  const isSplit = isPlanar && syntax !== RLE;
  const isLuminance = photometric === "YBR_FULL";
  for (let at = 0; at < plane; at++) {
    const [first, second, third] = isSplit
      ? [stored[at]!, stored[plane + at]!, stored[2 * plane + at]!]
      : [stored[3 * at]!, stored[3 * at + 1]!, stored[3 * at + 2]!];
    const [blue, red] = [second - 128, third - 128];
    const colours = isLuminance
      ? [first + 1.402 * red, first - 0.344136 * blue - 0.714136 * red, first + 1.772 * blue]
      : [first, second, third];
    for (const [colour, value] of colours.entries())
      data[3 * at + colour] = Math.max(0, Math.min(255, Math.round(value)));
  }
  return { width, height, channels: 3, data };
}
