/** Formats of image files: by name where files are listed, and by their first bytes where they are decoded. */
import type { Wanted } from "../../data/files/collection.ts";
import type { Takes } from "../../data/files/listing.ts";

/** What to do with an image that is not decoded. */
const ADVICE = "not decodable here: convert to JPEG or PNG";

interface Format {
  readonly name: string;
  /** Endings of its files' names, without the dot. */
  readonly endings: readonly string[];
  /** Alternatives; each is a list of bytes (as Latin-1) at offsets. */
  readonly starts: readonly (readonly (readonly [at: number, bytes: string])[])[];
}

/** What is decoded. Nothing else reaches the image library, which would also render SVG and other documents. */
const read = [
  { name: "JPEG", endings: ["jpg", "jpeg"], starts: [[[0, "\xff\xd8\xff"]]] },
  { name: "PNG", endings: ["png"], starts: [[[0, "\x89PNG\r\n\x1a\n"]]] },
  {
    name: "WebP",
    endings: ["webp"],
    starts: [
      [
        [0, "RIFF"],
        [8, "WEBP"],
      ],
    ],
  },
  { name: "GIF", endings: ["gif"], starts: [[[0, "GIF87a"]], [[0, "GIF89a"]]] },
  {
    name: "TIFF",
    endings: ["tif", "tiff"],
    starts: [[[0, "II*\0"]], [[0, "MM\0*"]], [[0, "II+\0"]], [[0, "MM\0+"]]],
  },
  { name: "AVIF", endings: ["avif"], starts: [[[4, "ftypavif"]], [[4, "ftypavis"]]] },
] as const satisfies readonly Format[];

/** What is recognised, so that the reason given for leaving it out is the true one. */
const notRead: readonly Format[] = [
  { name: "HEIC", endings: ["heic"], starts: brands("heic", "heix", "hevc", "heim", "heis") },
  { name: "HEIF", endings: ["heif", "hif"], starts: brands("mif1", "msf1") },
  {
    name: "BMP",
    endings: ["bmp", "dib"],
    starts: [
      [
        [0, "BM"],
        [6, "\0\0\0\0"],
      ],
    ],
  },
  { name: "JPEG XL", endings: ["jxl"], starts: [[[0, "\xff\n"]], [[4, "JXL \r\n"]]] },
  { name: "JPEG 2000", endings: ["jp2", "j2k", "jpf"], starts: [[[4, "jP  \r\n"]], [[0, "\xff\x4f\xff\x51"]]] },
  { name: "Photoshop", endings: ["psd", "psb"], starts: [[[0, "8BPS"]]] },
  { name: "ICO", endings: ["ico"], starts: [[[0, "\0\0\x01\0"]]] },
  // Told by its contents below.
  { name: "SVG", endings: ["svg", "svgz"], starts: [] },
  { name: "TGA", endings: ["tga"], starts: [] },
  { name: "OpenEXR", endings: ["exr"], starts: [[[0, "\x76\x2f\x31\x01"]]] },
  { name: "Radiance HDR", endings: ["hdr"], starts: [[[0, "#?RADIANCE"]]] },
  { name: "PPM", endings: ["ppm"], starts: netpbm("3", "6") },
  { name: "PGM", endings: ["pgm"], starts: netpbm("2", "5") },
  { name: "PBM", endings: ["pbm"], starts: netpbm("1", "4") },
  { name: "PNM", endings: ["pnm"], starts: [] },
  { name: "FITS", endings: ["fits"], starts: [[[0, "SIMPLE  ="]]] },
  { name: "camera raw", endings: ["dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf"], starts: [] },
];

/** Documents, which are no images whatever their name says. */
const documents: readonly Format[] = [
  { name: "PDF", endings: [], starts: [[[0, "%PDF"]]] },
  { name: "zip archive", endings: [], starts: [[[0, "PK\x03\x04"]]] },
  { name: "gzip file", endings: [], starts: [[[0, "\x1f\x8b"]]] },
];

function brands(...names: string[]): Format["starts"] {
  return names.map((name) => [[4, `ftyp${name}`]]);
}

function netpbm(...kinds: string[]): Format["starts"] {
  return kinds.flatMap((kind) => ["\n", " ", "\r"].map((gap) => [[0, `P${kind}${gap}`]] as const));
}

export type FormatName = (typeof read)[number]["name"];

/** Bytes that are looked at. */
const LOOKED_AT = 1024;

/** The format of a file's contents, if it is one that is decoded. */
export function formatOf(bytes: Uint8Array): FormatName | undefined {
  const start = latin1(bytes);
  const name = read.find(({ starts }) => begins(start, starts))?.name;
  // HEIF files of AV1 images, which some cameras write, have AVIF among the brands that they are compatible with.
  if (!name && begins(start, [[[4, "ftypmif1"]], [[4, "ftypmiaf"]]]) && start.slice(16, 64).includes("avif"))
    return "AVIF";
  return name;
}

/** Whether a file's contents are an image that is decoded. */
export const isImage = (bytes: Uint8Array): boolean => formatOf(bytes) !== undefined;

/** Why contents cannot be an image that is decoded: the format that they have, if it is known. */
export function whyNotRead(bytes: Uint8Array): string {
  if (bytes.length === 0) return "empty file";
  const start = latin1(bytes);
  const known = notRead.find(({ starts }) => begins(start, starts))?.name;
  if (known) return `${known}, ${ADVICE}`;
  if (/^\s*(<\?xml|<!--|<!DOCTYPE svg|<svg)/i.test(start) && /<svg/i.test(start)) return `SVG, ${ADVICE}`;
  const document = documents.find(({ starts }) => begins(start, starts))?.name;
  if (document) return `${document}, not an image`;
  // Image files are full of control characters; text has only line breaks and tabs.
  if (!/[^\t\n\r -~\x80-\xff]/.test(start)) return "text, not an image";
  return "unsupported image format";
}

/** Whether a file of this name is an image that can be decoded; only decoding shows what it contains. */
const takesImage: Takes = (name) => {
  if (hasImageName(name)) return true;
  const ending = endingOf(name);
  const what = notRead.find(({ endings }) => endings.includes(ending))?.name;
  return what === undefined ? false : { what, advice: ADVICE };
};

/** Endings of DICOM files, which are decoded without the image library. */
const dicom: readonly string[] = ["dcm", "dicom"];

/** Whether the name is that of a DICOM file. */
export const isDicomName = (name: string): boolean => dicom.includes(endingOf(name));

/** Whether the name is that of an image file that can be decoded. */
export const hasImageName = (name: string): boolean =>
  isDicomName(name) || read.some(({ endings }) => endings.some((ending) => ending === endingOf(name)));

export const wantedImages: Wanted = {
  takes: takesImage,
  what: "images",
  formats: "JPEG, PNG, WebP, TIFF, DICOM …, zip archives of them, Parquet, IDX, CIFAR",
};

/** Empty where there is none: `png` is no ending of a file of that name. */
const endingOf = (name: string): string => /\.([^.]*)$/.exec(name)?.[1]?.toLowerCase() ?? "";

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, LOOKED_AT)).toString("latin1");

const begins = (start: string, alternatives: Format["starts"]): boolean =>
  alternatives.some((parts) => parts.every(([at, bytes]) => start.startsWith(bytes, at)));
