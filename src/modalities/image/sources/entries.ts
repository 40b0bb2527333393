import type { Entries } from "../../../data/files/collection.ts";
import type { Labels } from "../../../data/labels.ts";
import type { Source } from "../../../data/source.ts";
import { skipBroken } from "../../../foundation/errors.ts";
import type { MemoryBudget } from "../../../foundation/memory.ts";
import { DEFAULT_SHORT_SIDE, decode } from "../../../pixels/decode/decode.ts";
import type { Image } from "../../../pixels/image.ts";
import { cached, createCache, type ImageCache, store } from "./cache.ts";

/** Entries decoded to find out the size of the images. */
const PROBES = 16;
/** Sets with larger images are not cached. */
const CACHED_SIDE = 128;

/** A cache for the entries, sized by a few of them; undefined if they are too large. */
export async function cacheFor(entries: Entries): Promise<ImageCache | undefined> {
  let largest = 0;
  const count = entries.names.length;
  for (let probe = 0; probe < Math.min(PROBES, count); probe++) {
    const index = Math.floor((probe * count) / Math.min(PROBES, count));
    const image = await entries
      .bytes(index)
      .then((bytes) => decode(bytes, CACHED_SIDE + 1))
      .catch(skipBroken);
    if (!image) continue;
    if (Math.max(image.width, image.height) > CACHED_SIDE) return undefined;
    largest = Math.max(largest, image.data.length);
  }
  return createCache(count, largest);
}

/** A source that decodes entries when they are read. @param memory for decoding them; by default this thread's */
export function encodedSource<Manifest>(
  entries: Entries,
  labels: Labels | undefined,
  manifest: Manifest,
  cache: ImageCache | undefined,
  shortSide = DEFAULT_SHORT_SIDE,
  memory?: MemoryBudget,
): Source<Image> {
  return {
    length: entries.names.length,
    ...labels,
    name: (index) => entries.names[index] ?? `entry ${index}`,
    async read(index) {
      const stored = cache && cached(cache, index, shortSide);
      if (stored) return stored;
      const image = await decode(await entries.bytes(index), shortSide, memory);
      if (cache) store(cache, index, shortSide, image);
      return image;
    },
    contents: () => entries.contents(),
    manifest: { ...manifest, labels, cache },
    close: () => entries.close(),
  };
}
