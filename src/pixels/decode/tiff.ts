/**
 * The first directory of a TIFF file, which says what its numbers mean; the image library does not tell. Well-kept readers
 * exist, but allocate as many values as a tag claims to have; here a tag has at most {@link MOST} of them.
 * https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
 */
export interface TiffTags {
  readonly bitsPerSample: number;
  readonly compression: number;
  /** 0: grey with 0 as white, 1: grey, 2: RGB … */
  readonly photometric: number | undefined;
  /** Where the file says so. */
  readonly photometricAt?: number | undefined;
  /** 1: unsigned, 2: signed, 3: float, 5 and 6: complex. */
  readonly sampleFormat: number;
  /** The meaning of each channel beyond the colours: 0: none, 1: premultiplied alpha, 2: alpha. */
  readonly extraSamples: readonly number[];
  /** The declared range of the samples. */
  readonly least?: number | undefined;
  readonly most?: number | undefined;
  /** Rows that the decoder holds at once, where it cannot read row by row. */
  readonly blockRows: number;
}

/** Most values read of a tag. */
const MOST = 8;

const TAGS = {
  length: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  rowsPerStrip: 278,
  planar: 284,
  tileLength: 323,
  extraSamples: 338,
  sampleFormat: 339,
  least: 340,
  most: 341,
} as const;

const JPEG = 7;
const WEBP = 50_001;
const SEPARATE = 2;

/** Names of compressions that the image library cannot undo. */
const undone: Readonly<Record<number, string>> = {
  6: "old-style JPEG",
  32809: "ThunderScan",
  33003: "JPEG 2000",
  33005: "JPEG 2000",
  34712: "JPEG 2000",
  34887: "LERC",
  34892: "lossy DNG",
  34925: "LZMA",
  50000: "Zstandard",
  50002: "JPEG XL",
  52546: "JPEG XL",
};
const done = new Set([1, 2, 3, 4, 5, JPEG, 8, 32_773, 32_946, WEBP]);

/** Why a file's compression cannot be undone, if so. */
export function whyCompressed({ compression }: TiffTags): string | undefined {
  if (done.has(compression)) return undefined;
  return `TIFF with ${undone[compression] ?? `unknown (${compression})`} compression; write it with LZW, Deflate or none`;
}

const COLOURS = 2;

/** A copy of a file that declares its first three channels to be colours. The image library reads one channel of what is declared grey. */
export function declaredColour(bytes: Uint8Array, { photometricAt }: TiffTags): Uint8Array {
  const copy = Uint8Array.from(bytes);
  if (photometricAt !== undefined) new DataView(copy.buffer).setUint16(photometricAt, COLOURS, copy[0] === 0x49);
  return copy;
}

/** @throws RangeError when the directory lies outside the file */
export function tiffTags(bytes: Uint8Array): TiffTags {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = view.getUint8(0) === 0x49;
  const big = view.getUint16(2, little) === 43;
  const offset = (at: number): number => (big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const directory = offset(big ? 8 : 4);
  const count = big ? Number(view.getBigUint64(directory, little)) : view.getUint16(directory, little);
  const [first, size, inline] = big ? [directory + 8, 20, 8] : [directory + 2, 12, 4];
  const number: Readonly<Record<number, readonly [bytes: number, read: (at: number) => number]>> = {
    1: [1, (at) => view.getUint8(at)],
    3: [2, (at) => view.getUint16(at, little)],
    4: [4, (at) => view.getUint32(at, little)],
    6: [1, (at) => view.getInt8(at)],
    8: [2, (at) => view.getInt16(at, little)],
    9: [4, (at) => view.getInt32(at, little)],
    11: [4, (at) => view.getFloat32(at, little)],
    12: [8, (at) => view.getFloat64(at, little)],
    16: [8, (at) => Number(view.getBigUint64(at, little))],
  };
  const wanted = new Set<number>(Object.values(TAGS));
  const values = new Map<number, number[]>();
  let photometricAt: number | undefined;
  for (let entry = 0; entry < count; entry++) {
    const at = first + entry * size;
    const tag = view.getUint16(at, little);
    const type = number[view.getUint16(at + 2, little)];
    if (!wanted.has(tag) || !type || values.has(tag)) continue;
    const [width, read] = type;
    const length = big ? Number(view.getBigUint64(at + 4, little)) : view.getUint32(at + 4, little);
    const field = at + (big ? 12 : 8);
    const start = length * width <= inline ? field : offset(field);
    if (tag === TAGS.photometric) photometricAt = start;
    values.set(
      tag,
      Array.from({ length: Math.min(length, MOST) }, (_, index) => read(start + index * width)),
    );
  }
  const one = (tag: keyof typeof TAGS): number | undefined => values.get(TAGS[tag])?.[0];
  const most = values.get(TAGS.most);
  const least = values.get(TAGS.least);
  const compression = one("compression") ?? 1;
  const rows = one("rowsPerStrip") ?? Number.POSITIVE_INFINITY;
  const byRow = one("planar") !== SEPARATE && compression !== JPEG && compression !== WEBP;
  return {
    bitsPerSample: one("bitsPerSample") ?? 1,
    compression,
    photometric: one("photometric"),
    photometricAt,
    sampleFormat: one("sampleFormat") ?? 1,
    extraSamples: values.get(TAGS.extraSamples) ?? [],
    least: least && Math.min(...least),
    most: most && Math.max(...most),
    blockRows: one("tileLength") ?? (byRow ? 1 : Math.min(rows, one("length") ?? rows)),
  };
}
