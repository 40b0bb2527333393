import type { Entries } from "../../../data/files/collection.ts";
import type { Labels } from "../../../data/labels.ts";
import type { Source } from "../../../data/source.ts";
import { BrokenSample, skipBroken } from "../../../foundation/errors.ts";
import type { MemoryBudget } from "../../../foundation/memory.ts";
import { DEFAULT_SHORT_SIDE, decode } from "../../../pixels/decode/decode.ts";
import type { Keep } from "../../../pixels/decode/keep.ts";
import { canBecome, type Image, whiteOf } from "../../../pixels/image.ts";
import { cached, createCache, type ImageCache, store } from "./cache.ts";

/** Entries decoded to find out the size of the images. */
const PROBES = 16;
/** Sets with larger images are not cached. */
const CACHED_SIDE = 128;

/** All that images have, but for transparency, which is a channel only where it is asked for. */
export const EVERYTHING: Keep = { depth: true, bands: true };

/** What a few of the entries say of them all. */
export interface Probed {
  /** A cache for them; undefined if they are too large. */
  readonly cache: ImageCache | undefined;
  readonly notes: readonly string[];
}

/** Decodes a few of the entries. */
export async function probe(entries: Entries): Promise<Probed> {
  let largest = 0;
  let isSmall = true;
  const deep: string[] = [];
  const plain: string[] = [];
  const count = entries.names.length;
  for (let at = 0; at < Math.min(PROBES, count); at++) {
    const index = Math.floor((at * count) / Math.min(PROBES, count));
    const image = await entries
      .bytes(index)
      .then((bytes) => decode(bytes, CACHED_SIDE + 1, undefined, EVERYTHING))
      .catch(skipBroken);
    if (!image) continue;
    if (Math.max(image.width, image.height) > CACHED_SIDE) isSmall = false;
    largest = Math.max(largest, image.data.byteLength);
    (whiteOf(image.data) > 255 ? deep : plain).push(entries.names[index]!);
  }
  const isMixed = deep.length > 0 && plain.length > 0;
  const mixed = `${deep.length} of ${deep.length + plain.length} sampled images have samples of 16 bits (${deep[0]}), the others of 8 (${plain[0]}): black is 0 and white the greatest sample of either`;
  return { cache: isSmall ? createCache(count, largest) : undefined, notes: isMixed ? [mixed] : [] };
}

/** How entries are decoded. */
export interface Reading {
  /** Larger images are shrunk to this short side. */
  readonly shortSide?: number;
  /** By default {@link EVERYTHING}. */
  readonly keep?: Keep;
  /** Images of other channels are broken entries, unless both are grey or colour. */
  readonly channels?: number;
  /** What each entry must not be split from, if it is no group of its own. */
  readonly groups?: readonly string[] | undefined;
  /** For decoding them; by default this thread's. */
  readonly memory?: MemoryBudget | undefined;
}

/** A source that decodes entries when they are read. */
export function encodedSource<Manifest>(
  entries: Entries,
  labels: Labels | undefined,
  manifest: Manifest,
  cache: ImageCache | undefined,
  { shortSide = DEFAULT_SHORT_SIDE, keep = EVERYTHING, channels, groups, memory }: Reading = {},
): Source<Image> {
  return {
    length: entries.names.length,
    ...labels,
    ...(groups ? { group: (index: number) => groups[index] ?? "" } : {}),
    name: (index) => entries.names[index] ?? `entry ${index}`,
    async read(index) {
      const stored = cache && cached(cache, index, shortSide, keep);
      if (stored && (channels === undefined || canBecome(stored.channels, channels))) return stored;
      const image = await decode(await entries.bytes(index), shortSide, memory, keep);
      if (channels !== undefined && !canBecome(image.channels, channels))
        throw new BrokenSample(`${image.channels} channels, where ${channels} are read (--channels)`);
      if (cache) store(cache, index, shortSide, image);
      return image;
    },
    contents: () => entries.contents(),
    manifest: { ...manifest, labels, cache, ...(groups ? { groups } : {}) },
    close: () => entries.close(),
  };
}
