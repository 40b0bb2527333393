import type { Keep } from "../../../pixels/decode/keep.ts";
import type { Image } from "../../../pixels/image.ts";

/** Decoded images in memory shared by all threads, so that small images are decoded once, not once per epoch. */
export interface ImageCache {
  readonly slotBytes: number;
  readonly pixels: SharedArrayBuffer;
  /** Six numbers per entry: state, width, height, channels, the short side it was decoded for, and the bytes of a sample. */
  readonly heads: SharedArrayBuffer;
}

/** Larger sets are not cached. */
const MEMORY_LIMIT = 1 << 30;
const HEAD = 6;
const EMPTY = 0;
const BEING_WRITTEN = 1;
const READY = 2;

/** Pages are allocated only when written, so room for every entry costs nothing at first. */
export function createCache(entries: number, imageBytes: number): ImageCache | undefined {
  // Even, as samples of 16 bits begin at even places only.
  const slotBytes = 2 * Math.ceil(imageBytes / 2);
  if (slotBytes === 0 || entries * slotBytes > MEMORY_LIMIT) return undefined;
  return {
    slotBytes,
    pixels: new SharedArrayBuffer(entries * slotBytes),
    heads: new SharedArrayBuffer(entries * HEAD * Int32Array.BYTES_PER_ELEMENT),
  };
}

const headOf = (heads: SharedArrayBuffer, index: number): Int32Array =>
  new Int32Array(heads, index * HEAD * Int32Array.BYTES_PER_ELEMENT, HEAD);

/** The cached image, if it equals what `decode` would give for that short side. @param keep what is kept of samples of more than 8 bits */
export function cached(
  { slotBytes, pixels, heads }: ImageCache,
  index: number,
  shortSide: number,
  { depth = false }: Keep = {},
): Image | undefined {
  const head = headOf(heads, index);
  if (Atomics.load(head, 0) !== READY) return undefined;
  const [, width = 0, height = 0, channels = 1, decodedFor = 0, sampleBytes] = head;
  if (sampleBytes === 2 && !depth) return undefined;
  const wasNotShrunk = Math.min(width, height) < Math.min(shortSide, decodedFor);
  if (shortSide !== decodedFor && !wasNotShrunk) return undefined;
  const [start, length] = [index * slotBytes, width * height * channels];
  const data = sampleBytes === 2 ? new Uint16Array(pixels, start, length) : new Uint8Array(pixels, start, length);
  return { width, height, channels, data };
}

/** Stores an image unless it is too large. An existing entry stays: it may be in use. */
export function store({ slotBytes, pixels, heads }: ImageCache, index: number, shortSide: number, image: Image): void {
  const head = headOf(heads, index);
  const { data } = image;
  if (data.byteLength > slotBytes || Atomics.compareExchange(head, 0, EMPTY, BEING_WRITTEN) !== EMPTY) return;
  const slot = data instanceof Uint16Array ? new Uint16Array(pixels) : new Uint8Array(pixels);
  slot.set(data, (index * slotBytes) / data.BYTES_PER_ELEMENT);
  head.set([image.width, image.height, image.channels, shortSide, data.BYTES_PER_ELEMENT], 1);
  Atomics.store(head, 0, READY);
}
