import { BrokenSample } from "../foundation/errors.ts";

/** Samples of an image: bytes, or 16 bits where its file has more than 8. */
export type Samples = Uint8Array | Uint16Array;

/** A decoded image, row by row, channels interleaved. */
export interface Image {
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: red, green, blue; any other number: channels that are no colours, or colours and transparency. */
  readonly channels: number;
  /** `height × width × channels` samples; white is 255 of bytes, 65,535 of 16 bits (see {@link whiteOf}). */
  readonly data: Samples;
  /** A view that is ready for the encoder: it is not resized again. */
  readonly ready?: boolean;
}

/** The sample that is white: the greatest of its type. */
export const whiteOf = (data: Samples): number => (data instanceof Uint16Array ? 65_535 : 255);

/** White of images whose samples have so many bits, once {@link withBits} has been applied. */
export const whiteFor = (bits: number): number => (bits > 8 ? 65_535 : 255);

/** Room for so many samples of the same type. */
export const alike = (data: Samples, length: number): Samples =>
  data instanceof Uint16Array ? new Uint16Array(length) : new Uint8Array(length);

/** Whether an image of so many channels can be made one of others: grey and colour of each other, nothing else. */
export const canBecome = (from: number, to: number): boolean =>
  from === to || ((from === 1 || from === 3) && (to === 1 || to === 3));

/**
 * Converts colour to grey (ITU-R 601) or grey to colour; an image with that many channels is returned as it is.
 * @throws BrokenSample for other numbers of channels
 */
export function withChannels(image: Image, channels: number): Image {
  if (image.channels === channels) return image;
  if (!canBecome(image.channels, channels))
    throw new BrokenSample(`${image.channels} channels, where ${channels} are read (--channels)`);
  const pixels = image.width * image.height;
  const data = alike(image.data, pixels * channels);
  if (channels === 3) for (let i = 0; i < pixels; i++) data.fill(image.data[i]!, 3 * i, 3 * i + 3);
  else
    for (let i = 0; i < pixels; i++)
      data[i] = 0.2989 * image.data[3 * i]! + 0.587 * image.data[3 * i + 1]! + 0.114 * image.data[3 * i + 2]!;
  return { ...image, channels, data };
}

/**
 * Bytes for 8 bits, else 16 bits of which white is 65,535, whatever the image has.
 * @param bits of the range that samples of 16 bits have in the file, 8 (all 16, and bytes are wanted) to 16; greater samples become white
 */
export function withBits(image: Image, bits: number): Image {
  const { data: source } = image;
  const isDeep = source instanceof Uint16Array;
  if (bits === 8) return isDeep ? { ...image, data: bytesOf(image) } : image;
  if (isDeep && bits === 16) return image;
  const data = new Uint16Array(source.length);
  if (!isDeep) for (let at = 0; at < data.length; at++) data[at] = source[at]! * 257;
  else {
    const gain = 65_535 / (2 ** bits - 1);
    for (let at = 0; at < data.length; at++) data[at] = Math.min(65_535, source[at]! * gain + 0.5);
  }
  return { ...image, data };
}

/** The samples as bytes, for pictures that people look at; bytes are returned as they are. */
export function bytesOf({ data }: Pick<Image, "data">): Uint8Array {
  if (!(data instanceof Uint16Array)) return data;
  const bytes = new Uint8Array(data.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = data[at]! / 257 + 0.5;
  return bytes;
}
