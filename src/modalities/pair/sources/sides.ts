import { sourcesOf } from "../../../data/paths/joined.ts";
import type { Source } from "../../../data/source.ts";
import type { PairSample } from "../pair.ts";
import { captionAt } from "./captions.ts";
import { captionOf, isPairIndex } from "./source.ts";

/** The images of pairs, as a source of their own kind. */
export const imagesIn = (source: Source<PairSample>): Source<unknown> => ({
  ...source,
  read: async (entry) => (await source.read(entry)).image,
});

/** The first caption of each pair, as a source of their own kind. An image that is broken is read, too. */
export const firstCaptionsIn = (source: Source<PairSample>): Source<unknown> => ({
  ...source,
  read: async (entry) => (await source.read(entry)).captions[0],
});

/** All captions of pairs, as a source of their own kind: of some entries there are several. No image is read. */
export function captionsIn(source: Source<PairSample>): Source<unknown> & { text(caption: number): string } {
  const all = sourcesOf(source).map(({ manifest }) => {
    if (!isPairIndex(manifest)) throw new Error("not a source of pairs as it was opened");
    return manifest.captions;
  });
  const counts = all.map(({ starts }) => starts.length - 1);
  const text = (caption: number): string => {
    let rest = caption;
    for (const [at, captions] of all.entries()) {
      if (rest < counts[at]!) return captionAt(captions, rest);
      rest -= counts[at]!;
    }
    throw new Error(`no caption ${caption}`);
  };
  return {
    length: counts.reduce((sum, count) => sum + count, 0),
    name: (caption) => `caption ${caption + 1}`,
    text,
    read: (caption) => captionOf(text(caption)),
    manifest: undefined,
    close: async () => undefined,
  };
}
