import type { Image } from "../../../pixels/image.ts";

/** Decoded images in memory shared by all threads, so that small images are decoded once, not once per epoch. */
export interface ImageCache {
  readonly slotBytes: number;
  readonly pixels: SharedArrayBuffer;
  /** Five numbers per entry: state, width, height, channels, and the short side it was decoded for. */
  readonly heads: SharedArrayBuffer;
}

/** Larger sets are not cached. */
const MEMORY_LIMIT = 1 << 30;
const HEAD = 5;
const EMPTY = 0;
const BEING_WRITTEN = 1;
const READY = 2;

/** Pages are allocated only when written, so room for every entry costs nothing at first. */
export function createCache(entries: number, slotBytes: number): ImageCache | undefined {
  if (slotBytes === 0 || entries * slotBytes > MEMORY_LIMIT) return undefined;
  return {
    slotBytes,
    pixels: new SharedArrayBuffer(entries * slotBytes),
    heads: new SharedArrayBuffer(entries * HEAD * Int32Array.BYTES_PER_ELEMENT),
  };
}

const headOf = (heads: SharedArrayBuffer, index: number): Int32Array =>
  new Int32Array(heads, index * HEAD * Int32Array.BYTES_PER_ELEMENT, HEAD);

/** The cached image, if it equals what `decode` would give for that short side. */
export function cached({ slotBytes, pixels, heads }: ImageCache, index: number, shortSide: number): Image | undefined {
  const head = headOf(heads, index);
  if (Atomics.load(head, 0) !== READY) return undefined;
  const [, width = 0, height = 0, bands, decodedFor = 0] = head;
  const wasNotShrunk = Math.min(width, height) < Math.min(shortSide, decodedFor);
  if (shortSide !== decodedFor && !wasNotShrunk) return undefined;
  const channels = bands === 1 ? 1 : 3;
  return { width, height, channels, data: new Uint8Array(pixels, index * slotBytes, width * height * channels) };
}

/** Stores an image unless it is too large. An existing entry stays: it may be in use. */
export function store({ slotBytes, pixels, heads }: ImageCache, index: number, shortSide: number, image: Image): void {
  const head = headOf(heads, index);
  if (image.data.length > slotBytes || Atomics.compareExchange(head, 0, EMPTY, BEING_WRITTEN) !== EMPTY) return;
  new Uint8Array(pixels, index * slotBytes, image.data.length).set(image.data);
  head.set([image.width, image.height, image.channels, shortSide], 1);
  Atomics.store(head, 0, READY);
}
