import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { filesBelow } from "../../data/files/listing.ts";
import { type Modality, offerOf, type Source } from "../../data/index.ts";
import { type Mask, masks as masksAbility, NO_CLASS } from "../../data/targets/masks.ts";
import { BrokenSample, UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { shortened } from "../../foundation/printable.ts";
import { decodeMask } from "../../pixels/decode/mask.ts";

/** The masks of a source's entries. */
export interface EntryMasks {
  /** Entries that have one. */
  readonly entries: Int32Array;
  /** An entry's mask, as far as the encoder sees it. @throws UserError when it is damaged or not in proportion */
  read(entry: number): Promise<Mask>;
}

/** Bytes of masks that are kept: every contestant reads them again. */
const MOST_BYTES = 2 ** 28;

const stemOf = (name: string): string => name.slice(0, name.length - extname(name).length);

/**
 * Finds the masks of entries by their names: `dogs/7.png` in the folder is that of `dogs/7.jpg`.
 * @throws UserError when such data have no masks, or no entry has one
 */
export async function openMasks(
  folder: string,
  source: Source<unknown>,
  modality: Modality<unknown>,
): Promise<EntryMasks> {
  const seen = offerOf(modality, masksAbility);
  if (!seen) throw new UserError(`--masks ${folder}: ${modality.name} data have no masks; they are of images`);
  const { names } = await filesBelow(folder).catch((error: unknown) => {
    throw fileError(folder, "read", error);
  });
  const files = new Map(names.filter((name) => /\.png$/i.test(name)).map((name) => [stemOf(name), name]));
  const entries = Int32Array.from({ length: source.length }, (_, entry) => entry).filter((entry) =>
    files.has(stemOf(source.name(entry))),
  );
  if (entries.length === 0) {
    const [first] = files.values();
    const found = first === undefined ? "no PNG" : `none of ${files.size} PNGs (${shortened(first, 100)} …)`;
    throw new UserError(
      `${folder}: ${found} has the name of an image; ${source.name(0)} should have ${stemOf(source.name(0))}.png`,
    );
  }
  const kept = new Map<number, Mask>();
  let left = MOST_BYTES;
  return {
    entries,
    async read(entry) {
      const before = kept.get(entry);
      if (before) return before;
      const file = join(folder, files.get(stemOf(source.name(entry))) ?? "");
      const bytes = await readFile(file).catch((error: unknown) => {
        throw fileError(file, "read", error);
      });
      const mask = await decodeMask(bytes).catch((error: unknown) => {
        throw error instanceof BrokenSample ? new UserError(`${file}: ${error.message}`) : error;
      });
      const sample = await source.read(entry).catch((error: unknown) => {
        throw error instanceof BrokenSample ? new UserError(`${source.name(entry)}: ${error.message}`) : error;
      });
      const part = seen(sample, mask);
      if (!part)
        throw new UserError(
          `${file}: ${mask.width} × ${mask.height} pixels, which is not the proportion of ${source.name(entry)}`,
        );
      left -= part.data.length;
      if (left >= 0) kept.set(entry, part);
      return part;
    },
  };
}

/** How many pixels of each class there are, by number. @throws UserError when a mask is damaged */
export async function countPixels(
  { entries, read }: EntryMasks,
  onProgress: (done: number, total: number) => void,
): Promise<Float64Array> {
  const counts = new Float64Array(NO_CLASS);
  for (const [done, entry] of entries.entries()) {
    for (const label of (await read(entry)).data) if (label !== NO_CLASS) counts[label]!++;
    onProgress(done + 1, entries.length);
  }
  return counts.slice(0, counts.findLastIndex((count) => count > 0) + 1);
}
