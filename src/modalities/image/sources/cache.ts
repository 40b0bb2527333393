import type { Image } from "../image.ts";

/** Decoded pictures in memory that all threads share, so that small images are decoded once and not once an epoch. */
export interface ImageCache {
  readonly slotBytes: number;
  readonly pixels: SharedArrayBuffer;
  /** Four numbers an entry: state (0 empty, 1 there), width, height, channels. */
  readonly heads: SharedArrayBuffer;
}

/** Above this the pictures of a set are decoded whenever they are needed. */
const MEMORY_LIMIT = 1 << 30;

/** Pages that are never written are never allocated, so room for every entry costs nothing at first. */
export function createCache(entries: number, slotBytes: number): ImageCache | undefined {
  if (slotBytes === 0 || entries * slotBytes > MEMORY_LIMIT) return undefined;
  return {
    slotBytes,
    pixels: new SharedArrayBuffer(entries * slotBytes),
    heads: new SharedArrayBuffer(entries * 16),
  };
}

export function cached({ slotBytes, pixels, heads }: ImageCache, index: number): Image | undefined {
  const head = new Int32Array(heads, index * 16, 4);
  if (Atomics.load(head, 0) === 0) return undefined;
  const [, width = 0, height = 0, channels] = head;
  const data = new Uint8Array(pixels, index * slotBytes, width * height * (channels === 1 ? 1 : 3));
  return { width, height, channels: channels === 1 ? 1 : 3, data };
}

/** Two threads may store the same entry at once: they write the same bytes. */
export function store({ slotBytes, pixels, heads }: ImageCache, index: number, image: Image): void {
  if (image.data.length > slotBytes) return;
  new Uint8Array(pixels, index * slotBytes, image.data.length).set(image.data);
  const head = new Int32Array(heads, index * 16, 4);
  head[1] = image.width;
  head[2] = image.height;
  head[3] = image.channels;
  Atomics.store(head, 0, 1);
}
