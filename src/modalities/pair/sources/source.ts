import { createHash } from "node:crypto";
import * as z from "zod";
import type { LeftOut } from "../../../data/files/left-out.ts";
import type { Labels } from "../../../data/labels.ts";
import { type Groups, groupFields } from "../../../data/parts/groups.ts";
import { SPLIT_COLUMN, subset, trainingEntries } from "../../../data/parts/split.ts";
import type { Source } from "../../../data/source.ts";
import { kinds } from "../kinds.ts";
import type { PairSample } from "../pair.ts";
import { boxesAt } from "./boxes.ts";
import { type Captions, captionsOf } from "./captions.ts";

/** Images, by the manifest of their own source, with what is said of them; structured-cloneable. */
export interface PairIndex {
  readonly kind: "pairs";
  readonly images: unknown;
  readonly captions: Captions;
  /** The boxes of each entry, as JSON. */
  readonly boxes?: Captions | undefined;
  readonly keys: Int32Array;
  /** Entries that are trained on, if not all. */
  readonly training?: Int32Array | undefined;
  readonly labels?: Labels | undefined;
  readonly groups?: Groups | undefined;
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];
}

export const isPairIndex = (value: unknown): value is PairIndex =>
  z.looseObject({ kind: z.literal("pairs") }).safeParse(value).success;

/** A caption as a sample of its own kind of data. */
export async function captionOf(text: string): Promise<unknown> {
  const source = kinds.text.accepts.text?.(text);
  if (!source) throw new Error("texts are not made from what is typed");
  return source.read(0);
}

/**
 * A source of pairs.
 * @param images of the entries, in their order
 * @param column as `Source` has it
 * @param onClose further clean-up
 */
export function pairSource(
  index: PairIndex,
  images: Source<unknown>,
  column?: Source<unknown>["column"],
  onClose: () => void = () => undefined,
): Source<PairSample> {
  const { captions, boxes, keys, labels, groups, leftOut, notes } = index;
  const name = (entry: number) => images.name(entry);
  return {
    length: images.length,
    leftOut,
    notes,
    keys,
    ...labels,
    name,
    ...groupFields(groups, name),
    ...(column ? { column } : {}),
    async read(entry) {
      const [first, ...others] = captionsOf(captions, entry);
      const [image, caption, ...more] = await Promise.all([
        images.read(entry),
        captionOf(first),
        ...others.map(captionOf),
      ]);
      return { image, captions: [caption, ...more], ...(boxes ? { boxes: boxesAt(boxes, entry) } : {}) };
    },
    async contents() {
      const hash = createHash("sha256").update((await images.contents?.()) ?? "");
      if (boxes) hash.update(boxes.bytes);
      return hash.update(captions.bytes).update(captions.starts).update(captions.firsts).digest("hex").slice(0, 16);
    },
    manifest: { ...index, images: images.manifest },
    async close() {
      await images.close();
      onClose();
    },
  };
}

/** Reopens pairs. @param options of pairs: images are read no larger than these need */
export async function reopenPairs(
  manifest: unknown,
  options?: Readonly<Record<string, unknown>>,
): Promise<Source<PairSample>> {
  if (!isPairIndex(manifest)) throw new Error("not the manifest of pairs");
  const source = pairSource(manifest, await kinds.image.reopen(manifest.images, options));
  return manifest.training ? subset(source, manifest.training) : source;
}

/** The pairs that the data's column `split` says to train on; all without one. */
export function trainingPairs(
  source: Source<PairSample>,
  onNote: (note: string) => void = () => undefined,
): Source<PairSample> {
  const training = trainingEntries(source);
  const { manifest } = source;
  if (!training || !isPairIndex(manifest)) return source;
  onNote(
    `training on the ${training.length} of ${source.length} pairs that the column ${SPLIT_COLUMN} says to train on`,
  );
  return { ...subset(source, training), manifest: { ...manifest, training }, close: async () => undefined };
}
