import { BrokenSample, messageOf } from "../../foundation/errors.ts";
import { loadSharp } from "../../interop/sharp.ts";
import { decode } from "../../pixels/decode/decode.ts";
import { bytesOf, withChannels } from "../../pixels/image.ts";

/** Largest depth image that is decoded, in pixels. */
const MOST_PIXELS = 2 ** 24;

/** What is read of an image, whatever its file has. */
export interface Wanted {
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
  readonly levels: number;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47];

/** Width, height and bits of a PNG's header; undefined for anything else. */
function pngHeader(bytes: Uint8Array): { width: number; height: number; bits: number; isGrey: boolean } | undefined {
  if (bytes.length < 33 || SIGNATURE.some((byte, at) => bytes[at] !== byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20), bits: bytes[24]!, isGrey: bytes[25] === 0 };
}

/** Whether an image is a PNG of one channel of 16 bits, as depth is. */
export const isDeep = (bytes: Uint8Array): boolean => {
  const header = pngHeader(bytes);
  return header?.bits === 16 && header.isGrey;
};

/**
 * Pixels of an image, channels interleaved.
 * @throws BrokenSample when it cannot be decoded, or has another shape than the recording says
 */
export async function pixelsOf(bytes: Uint8Array, wanted: Wanted): Promise<Uint8Array | Uint16Array> {
  return wanted.levels > 255 ? deepPixels(bytes, wanted) : plainPixels(bytes, wanted);
}

const SHAPE = (width: number, height: number) => `${width} × ${height} pixels`;

async function deepPixels(bytes: Uint8Array, { height, width }: Wanted): Promise<Uint16Array> {
  const header = pngHeader(bytes);
  if (!header || !isDeep(bytes)) throw new BrokenSample("not a PNG of 16 bits of grey, as the others are");
  if (header.width * header.height > MOST_PIXELS)
    throw new BrokenSample(`${SHAPE(header.width, header.height)} of depth`);
  const sharp = await loadSharp();
  try {
    let image = sharp(bytes, { failOn: "warning", limitInputPixels: MOST_PIXELS });
    if (header.width !== width || header.height !== height)
      image = image.resize({ width, height, fit: "fill", kernel: "nearest" });
    const { data } = await image.toColourspace("grey16").raw({ depth: "ushort" }).toBuffer({ resolveWithObject: true });
    return new Uint16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length));
  } catch (error) {
    throw new BrokenSample(`not a decodable image (${messageOf(error)})`);
  }
}

async function plainPixels(bytes: Uint8Array, { channels, height, width }: Wanted): Promise<Uint8Array> {
  const image = withChannels(await decode(bytes, Math.min(height, width)), channels);
  if (image.height === height && image.width === width) return bytesOf(image);
  // Shrinking rounds sides; anything else is another image.
  if (Math.abs(image.height - height) > 1 || Math.abs(image.width - width) > 1)
    throw new BrokenSample(`${SHAPE(image.width, image.height)}, where ${SHAPE(width, height)} are expected`);
  const fitted = new Uint8Array(channels * height * width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < channels; channel++)
        fitted[(y * width + x) * channels + channel] =
          image.data[
            (Math.min(y, image.height - 1) * image.width + Math.min(x, image.width - 1)) * channels + channel
          ]!;
  return fitted;
}
