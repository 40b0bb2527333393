import { dirname } from "node:path";
import { Tally } from "../../../data/files/left-out.ts";
import { listFiles } from "../../../data/files/listing.ts";
import { labelsFromTable } from "../../../data/labels.ts";
import type { Recognition } from "../../../data/modality.ts";
import type { OpenOptions, Source } from "../../../data/source.ts";
import { tableFormatOf } from "../../../data/tables/rows.ts";
import { UserError } from "../../../foundation/errors.ts";
import { kinds } from "../kinds.ts";
import type { PairSample } from "../pair.ts";
import { locateImages } from "./locate.ts";
import { pairSource } from "./source.ts";
import { entriesIn, listsPairs } from "./table.ts";

/** What is read, for messages. */
const FORMATS = "a table with a column of image files (path) and one of captions (caption)";

/** Proven for a table that names images that are there, with captions. */
export const recognisesPairs = async (path: string): Promise<Recognition> =>
  (await listsPairs(path)) ? "proven" : undefined;

/**
 * Opens images with captions: a table that names them, beside their folder or zip archive.
 * @throws UserError when there are none, a column is missing, or a file is broken
 */
export async function openPairs(path: string, options: OpenOptions = {}): Promise<Source<PairSample>> {
  const { isFolder } = await listFiles(path, () => false);
  if (isFolder || !tableFormatOf(path))
    throw new UserError(`${path}: no images with captions; they are read from ${FORMATS}`);
  const { collector, notes } = await entriesIn(path, options);
  const { files, kept, leftOut } = await locateImages(dirname(path), collector.images);
  if (kept.length === 0)
    throw new UserError(
      `${path}: none of its ${collector.images.length} images is there, neither as a file nor in a zip archive beside the table; the first is ${collector.images[0]}`,
    );
  const tally = new Tally();
  tally.addAll([...collector.leftOut, ...leftOut]);
  const { captions, keys, labels, groups, column } = collector.end(kept, options.group);
  const images = await kinds.image.reopen(files);
  const names = () => Array.from({ length: images.length }, (_, entry) => images.name(entry));
  return pairSource(
    {
      kind: "pairs",
      images: images.manifest,
      ...{ captions, keys, groups, notes, leftOut: tally.leftOut },
      labels: options.labels ? await labelsFromTable(options.labels, names()) : labels,
    },
    images,
    column,
  );
}
