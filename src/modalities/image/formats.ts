import type { Wanted } from "../../data/files/collection.ts";
import type { Takes } from "../../data/files/listing.ts";
import { hasImageName } from "./decode.ts";

/** Images that are not decoded here, by extension. */
const elsewhere: Readonly<Record<string, string>> = {
  heic: "HEIC",
  heif: "HEIF",
  bmp: "BMP",
  dib: "BMP",
  jxl: "JPEG XL",
  jp2: "JPEG 2000",
  j2k: "JPEG 2000",
  jpf: "JPEG 2000",
  psd: "Photoshop",
  ico: "ICO",
  svg: "SVG",
  tga: "TGA",
  exr: "OpenEXR",
  hdr: "Radiance HDR",
  ppm: "PPM",
  pgm: "PGM",
  pbm: "PBM",
  pnm: "PNM",
  dcm: "DICOM",
  dng: "camera raw",
  cr2: "camera raw",
  cr3: "camera raw",
  nef: "camera raw",
  arw: "camera raw",
  orf: "camera raw",
  rw2: "camera raw",
  raf: "camera raw",
};

/** Whether a file of this name is an image that can be decoded; only decoding shows what it contains. */
const takesImage: Takes = (name) => {
  if (hasImageName(name)) return true;
  const what = elsewhere[name.slice(name.lastIndexOf(".") + 1).toLowerCase()];
  return what === undefined ? false : { what, advice: "not decodable here: convert to JPEG or PNG" };
};

export const wantedImages: Wanted = {
  takes: takesImage,
  what: "images",
  formats: "JPEG, PNG, WebP …, zip archives of them, IDX, CIFAR",
};
