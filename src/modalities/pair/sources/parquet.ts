import { basename, join } from "node:path";
import { Appender } from "../../../data/files/appender.ts";
import { fileIn } from "../../../data/files/parquet.ts";
import type { RangesManifest } from "../../../data/files/ranges.ts";
import type { OpenOptions } from "../../../data/source.ts";
import { captionColumns } from "../../../data/tables/captions.ts";
import { float64Column } from "../../../data/tables/growing.ts";
import { cellsIn, openFiles, type PackedFiles, parquetAt } from "../../../data/tables/packed-files.ts";
import { UserError } from "../../../foundation/errors.ts";
import { temporaryFolder } from "../../../foundation/temporary.ts";
import { isImage } from "../../../pixels/decode/formats.ts";
import { type Roles, rolesInWords, rolesOf, saidIn } from "./columns.ts";
import { EntryCollector } from "./entries.ts";

/** Whether a path is of Parquet files with the bytes of images, and a column that is called like captions. */
export async function packsPairs(path: string): Promise<boolean> {
  const [part] = (await parquetAt(path)).paths;
  if (part === undefined) return false;
  const found = await openFiles(part, isImage).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  await found?.close();
  return (
    found !== undefined && captionColumns(found.columns, found.first, found.columns.indexOf(found.file)).length > 0
  );
}

/**
 * Reads Parquet files that hold the bytes of images, and what they say of them. The bytes are written to a temporary file.
 * @returns undefined if the first, or the only one, holds no images
 * @throws UserError when a column is missing, or a file is broken
 */
export async function unpackImages(path: string, options: OpenOptions) {
  const parts = (await parquetAt(path)).paths;
  const [begin] = parts;
  const opened = begin === undefined ? undefined : await openFiles(begin, isImage);
  if (!opened) return undefined;
  const collector = new EntryCollector(path);
  const folder = temporaryFolder();
  const file = new Appender(join(folder.path, "images"));
  const remove = () => {
    file.close();
    folder.remove();
  };
  const notes: string[] = [];
  const starts = float64Column();
  const names: string[] = [];
  let length = 0;

  const add = async (part: string, { file: image, columns, first, records }: PackedFiles): Promise<void> => {
    const roles: Roles = rolesOf(part, columns, first, options, columns.indexOf(image));
    if (notes.length === 0) notes.push(rolesInWords(basename(part), columns, roles));
    let line = 0;
    for await (const batch of records())
      for (const record of batch) {
        const row = cellsIn(record, columns, image, ++line);
        const bytes = fileIn(record[image]);
        const name = bytes ? `${basename(part)}:${line}` : "";
        const before = collector.count;
        collector.add({ ...saidIn(row, name, columns, roles, "parquet"), where: `${basename(part)}:${line}` });
        if (!bytes || collector.count === before) continue;
        names.push(name);
        starts.push(length);
        file.append(bytes);
        length += bytes.length;
      }
  };

  try {
    for (const part of parts) {
      const images = part === begin ? opened : await openFiles(part, isImage);
      if (!images)
        throw new UserError(`${part}: no column with the bytes of images, as the first part of the data has`);
      try {
        await add(part, images);
      } finally {
        await images.close();
      }
    }
    starts.push(length);
    file.flush();
  } catch (error) {
    remove();
    throw error;
  }
  const files: RangesManifest = { kind: "ranges", path: file.path, names, starts: starts.shared() };
  return { collector, files, notes, remove };
}
