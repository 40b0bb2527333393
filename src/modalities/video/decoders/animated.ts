import { BrokenSample, messageOf } from "../../../foundation/errors.ts";
import type { MemoryBudget } from "../../../foundation/memory.ts";
import { inBytes } from "../../../foundation/memory.ts";
import { loadSharp } from "../../../interop/sharp.ts";
import { type Animation, animationOf } from "../../../pixels/animation.ts";
import { decodingBudget } from "../../../pixels/decode/memory.ts";
import { bytesOf, type Image } from "../../../pixels/image.ts";
import { resizedCrop } from "../../../pixels/transforms/resize.ts";
import { type ClipHeader, type Encoded, LONGEST_SIDE, type Wish } from "./encoded.ts";
import { shownAt } from "./timing.ts";

/** Memory for the frames that are decoded at once. */
const AT_ONCE = 48 * 2 ** 20;
/** The decoder begins anew for each part: more of them take minutes. */
const MOST_PARTS = 40;
/** Copies of a frame that the decoder and what follows it keep. */
const COPIES = 3;

/** An animated GIF or WebP. @param memory for its frames; by default this thread's */
export function animated(bytes: Uint8Array, memory: MemoryBudget = decodingBudget()): Encoded {
  let known: Animation | undefined;
  const read = (): Animation => {
    known ??= animationOf(bytes);
    if (!known) throw new BrokenSample("not a GIF or WebP file");
    if (known.delays.length < 2)
      throw new BrokenSample(`a still ${known.format}: one frame, and a clip has at least two`);
    return known;
  };
  return {
    async header() {
      const { delays } = read();
      const sharp = await loadSharp();
      const {
        width = 0,
        pageHeight = 0,
        pages = 0,
      } = await opened(() => sharp(bytes, { pages: -1, limitInputPixels: false }).metadata());
      if (pages < delays.length)
        throw new BrokenSample(`damaged: only ${pages} of its ${delays.length} frames can be decoded`);
      if (Math.max(width, pageHeight) > LONGEST_SIDE)
        throw new BrokenSample(`frames of ${width} × ${pageHeight} pixels; at most ${LONGEST_SIDE} a side are decoded`);
      const seconds = delays.reduce((sum, delay) => sum + delay, 0) / 1000;
      return { width, height: pageHeight, rate: delays.length / seconds, seconds };
    },
    async *decode(header, wish) {
      const delays = read().delays.map((delay) => delay / 1000);
      const shown = shownAt(delays, wish);
      const pages = delays.length;
      const bytesOfPage = 4 * header.width * header.height;
      const atOnce = Math.max(1, Math.min(pages, Math.floor(AT_ONCE / (COPIES * bytesOfPage))));
      const needed = COPIES * atOnce * bytesOfPage;
      if (Math.ceil(pages / atOnce) > MOST_PARTS || needed > memory.bytes)
        throw new BrokenSample(
          `${pages} frames of ${header.width} × ${header.height} pixels, which take ${inBytes(pages * bytesOfPage)} to decode; convert it to MP4`,
        );
      for (let first = 0, at = 0; at < shown.length; first += atOnce) {
        const count = Math.min(atOnce, pages - first);
        // Parts of which no frame is shown are passed over.
        if (shown[at]! >= first + count) continue;
        const giveBack = await memory.take(needed);
        try {
          const frames = await decodePages(bytes, first, count, header);
          for (; at < shown.length && shown[at]! < first + count; at++)
            yield resized(frames[shown[at]! - first]!, wish);
        } finally {
          giveBack();
        }
      }
    },
  };
}

/** Whole frames, transparency on white. */
async function decodePages(
  bytes: Uint8Array,
  first: number,
  count: number,
  { width, height }: ClipHeader,
): Promise<Image[]> {
  const sharp = await loadSharp();
  const { data, info } = await opened(() =>
    sharp(bytes, { page: first, pages: count, failOn: "warning", limitInputPixels: false })
      .flatten({ background: "white" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true }),
  );
  if (info.channels !== 3 || info.width !== width || info.height !== height * count)
    throw new BrokenSample(
      `damaged: ${info.width} × ${info.height / count} pixels, and its header says ${width} × ${height}`,
    );
  const size = 3 * width * height;
  return Array.from({ length: count }, (_, at) => ({
    ...{ width, height, channels: 3 },
    data: new Uint8Array(data.buffer, data.byteOffset + at * size, size),
  }));
}

/** The frame at the wanted size. */
export function resized(frame: Image, { width, height }: Pick<Wish, "width" | "height">): Uint8Array {
  if (frame.width === width && frame.height === height) return bytesOf(frame);
  const whole = { top: 0, left: 0, width: frame.width, height: frame.height };
  return bytesOf(resizedCrop(frame, whole, width, height));
}

/** @throws BrokenSample in place of the image library's error */
async function opened<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new BrokenSample(`cannot be decoded (${messageOf(error)})`);
  }
}
