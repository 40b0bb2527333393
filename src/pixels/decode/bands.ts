import type { Sharp } from "sharp";
import { BrokenSample } from "../../foundation/errors.ts";
import type { Image, Samples } from "../image.ts";
import type { Header } from "./header.ts";
import type { Keep } from "./keep.ts";
import { rangeOfValues } from "./samples.ts";
import { declaredColour } from "./tiff.ts";

type OpenBytes = (bytes: Uint8Array) => Sharp;

/**
 * All channels of an image as they are, upright.
 * @param open opens the image library on bytes
 * @throws BrokenSample when the range of the samples is not known
 */
export async function bandsOf(
  header: Header,
  bytes: Uint8Array,
  open: OpenBytes,
  { depth: deep = false }: Keep,
): Promise<Image> {
  const { depth, channels } = header;
  if (depth !== "uchar" && depth !== "ushort" && depth !== "float")
    throw new BrokenSample(`${channels} channels of ${depth} samples, which are not read; write 8, 16 bits or floats`);
  const { values, width, height } = await read(header, bytes, open);
  const range = depth !== "uchar" ? rangeOfValues(header, values) : undefined;
  return { width, height, channels, data: scaled(values, range, deep) };
}

type Values = Uint8Array | Uint16Array | Float32Array;

function scaled(values: Values, range: readonly [number, number] | undefined, deep: boolean): Samples {
  if (values instanceof Uint8Array) return values;
  if (!range && deep && values instanceof Uint16Array) return values;
  const [low, high] = range ?? [0, 65_535];
  const white = deep ? 65_535 : 255;
  const gain = white / (high - low);
  const data = deep ? new Uint16Array(values.length) : new Uint8Array(values.length);
  for (let at = 0; at < data.length; at++)
    data[at] = Math.max(0, Math.min(white, Math.round((values[at]! - low) * gain)));
  return data;
}

/** Samples of the type that the file has. */
async function read({ depth, channels, space, tags }: Header, bytes: Uint8Array, open: OpenBytes) {
  const as = depth === "uchar" || depth === "ushort" ? depth : "float";
  const raw = async (pipeline: Sharp, colours: string) => {
    const { data, info } = await pipeline
      .toColourspace(colours)
      .raw({ depth: as })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, channels: info.channels, values: valuesOf(data, as) };
  };
  const isGrey = space === "b-w";
  if (isGrey && channels === 2) {
    const first = await raw(open(bytes).autoOrient().extractChannel(0), space);
    const second = await raw(open(bytes).autoOrient().extractChannel(1), space);
    const values = roomFor(2 * first.values.length, as);
    for (let at = 0; at < values.length; at++) values[at] = (at % 2 === 0 ? first : second).values[at >> 1]!;
    return { ...first, values };
  }
  const isDeclaredGrey = isGrey && tags !== undefined;
  const file = isDeclaredGrey ? declaredColour(bytes, tags) : bytes;
  const all = await raw(open(file).autoOrient(), isDeclaredGrey ? (as === "float" ? "scrgb" : "srgb") : space);
  if (all.channels !== channels) throw new BrokenSample(`${all.channels} of ${channels} channels can be decoded`);
  return all;
}

function roomFor(length: number, as: "uchar" | "ushort" | "float"): Values {
  if (as === "uchar") return new Uint8Array(length);
  return as === "ushort" ? new Uint16Array(length) : new Float32Array(length);
}

function valuesOf({ buffer, byteOffset, length }: Buffer, as: "uchar" | "ushort" | "float"): Values {
  if (as === "uchar") return new Uint8Array(buffer, byteOffset, length);
  return as === "ushort"
    ? new Uint16Array(buffer, byteOffset, length / 2)
    : new Float32Array(buffer, byteOffset, length / 4);
}
