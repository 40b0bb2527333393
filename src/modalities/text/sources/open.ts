import { isUtf8 } from "node:buffer";
import { open, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { Appender } from "../../../data/files/appender.ts";
import { extensionOf } from "../../../data/files/extension.ts";
import { Tally } from "../../../data/files/left-out.ts";
import { type Listing, listFiles, nothingTaken } from "../../../data/files/listing.ts";
import { packing } from "../../../data/files/packed.ts";
import { type Labels, labelsFromFolders, labelsFromTable, labelsOf } from "../../../data/labels.ts";
import type { Recognition } from "../../../data/modality.ts";
import { exceptOf, type OpenOptions, type Source } from "../../../data/source.ts";
import { isNumeric } from "../../../data/tables/cells.ts";
import { firstCharacter } from "../../../data/tables/json.ts";
import { LONGEST_TEXT, linesOf } from "../../../data/tables/lines.ts";
import { hasColumns, rowsOf, type TableFormat, tableFormats } from "../../../data/tables/rows.ts";
import { UserError } from "../../../foundation/errors.ts";
import { codeOf, fileError } from "../../../foundation/files.ts";
import { temporaryFolder } from "../../../foundation/temporary.ts";
import type { Text } from "../text.ts";
import { RecordCollector, recordSource } from "./records.ts";

type Format = TableFormat | "text";

/** What the column of the texts is called where nothing else is said. */
const TEXT_COLUMN = "text";
/** What the column of the paths is called in a table about other files. */
const PATH_COLUMN = "path";
const EMPTY = { what: "empty files" };

const formats: Readonly<Record<string, Format>> = {
  ".txt": "text",
  ".text": "text",
  ".md": "text",
  ...tableFormats,
};

const isPacked = (name: string): boolean => /\.gz$/i.test(name);

/** The text format of a file name, if it has one. */
const formatOf = (name: string): Format | undefined => formats[extensionOf(name)];

const isTextName = (name: string): boolean => formatOf(name) !== undefined;

/** The files of texts at a path; of a folder's JSON files those that are tables, and not settings. */
async function listTexts(path: string, labels?: string): Promise<Listing> {
  const listing = await listFiles(path, isTextName, labels);
  const settings = new Set<string>();
  if (listing.isFolder)
    for (const name of listing.names.filter((one) => /\.json(\.gz)?$/i.test(one)))
      if ((await firstCharacter(join(path, name)).catch(() => "")) !== "[") settings.add(name);
  return settings.size === 0 ? listing : listFiles(path, (name) => isTextName(name) && !settings.has(name), labels);
}

/** Whether a file in a folder of texts is a table about the others: it has a column of paths, and none of texts. */
async function isAboutTexts(file: string, name: string, column: string | undefined): Promise<boolean> {
  const format = formatOf(name);
  if (format === undefined || format === "text") return false;
  if (!(await hasColumns(file, format, { column: PATH_COLUMN }))) return false;
  // A number names a column of any table.
  return /^[\d,\s]+$/.test(column ?? "") || !(await hasColumns(file, format, { column: column ?? TEXT_COLUMN }));
}

/**
 * Whether a path is text: certainly for a text file's name; possibly for a table that has not only numbers, a folder with
 * such files, and a UTF-8 file of another name.
 * @throws UserError when the path, or a folder below it, cannot be read
 */
export async function recognisesTexts(path: string): Promise<Recognition> {
  const { isFolder, names } = await listTexts(path);
  if (isFolder) return names.length > 0 ? "possible" : undefined;
  if (names.length > 0) {
    const format = formatOf(path);
    if (format === "text") return "certain";
    return format !== undefined && (await isNumeric(path, format)) ? undefined : "possible";
  }
  return (await isUtf8File(path)) ? "possible" : undefined;
}

/** Whether the first bytes of a file are text. */
async function isUtf8File(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    // A character may be cut off at the end of what was read.
    const read = buffer.subarray(0, bytesRead);
    const cuts = bytesRead < 4096 ? [0] : [0, 1, 2, 3];
    return bytesRead > 0 && !read.includes(0) && cuts.some((cut) => isUtf8(read.subarray(0, bytesRead - cut)));
  } finally {
    await file.close();
  }
}

/**
 * Opens texts: a file with one per line, a table with one per row, or a folder of such files, in which a plain file is one
 * text (a plain file of more than 16 MiB has one per line there too).
 * @throws UserError when there is no text, a file is not UTF-8, a line is too long, or a column is missing
 */
export async function openTexts(path: string, options: OpenOptions = {}): Promise<Source<Text>> {
  const listing = await listTexts(path, exceptOf(options));
  const { isFolder } = listing;
  const packed = isFolder || isTextName(path) ? undefined : await packing(path);
  if (packed !== undefined) throw new UserError(`${path}: ${packed}; texts are not read from archives`);
  const tally = new Tally();
  const names: string[] = [];
  for (const name of isFolder ? listing.names : [basename(path)])
    if (isFolder && (await isAboutTexts(join(path, name), name, options.column)))
      tally.add(name, { what: "tables about the texts", advice: "they have a column of paths and none of texts" });
    else names.push(name);
  if (isFolder) tally.addAll(listing.leftOut);
  const { leftOut } = tally;
  if (names.length === 0)
    throw nothingTaken(path, "folder", "texts", Object.keys(formats).join(", "), { ...listing, leftOut });
  const collector = new RecordCollector();
  const rowLabels: (string | undefined)[] = [];
  let unpacked: { folder: ReturnType<typeof temporaryFolder>; file: Appender } | undefined;
  const unpack = () => {
    if (!unpacked) {
      const folder = temporaryFolder();
      unpacked = { folder, file: new Appender(join(folder.path, "texts")) };
    }
    return unpacked.file;
  };
  const remove = () => {
    unpacked?.file.close();
    unpacked?.folder.remove();
  };

  /** Indexes a file in place, or a copy of its texts if it is compressed or a table. */
  const add = async (file: string, name: string): Promise<void> => {
    const format = formatOf(name) ?? "text";
    if (format !== "text") {
      for await (const rows of rowsOf(file, format, { ...options, column: options.column ?? TEXT_COLUMN }))
        for (const { text, label, line } of rows) {
          if (text.trim() === "") {
            tally.add(`${name}:${line}`, { what: "empty rows" });
            continue;
          }
          const bytes = Buffer.from(text);
          rowLabels[collector.count] = label;
          collector.add(unpack().append(bytes), bytes.length, line);
        }
      return collector.endFile(unpack().path, name);
    }
    const { size } = await stat(file);
    const before = collector.count;
    if (isFolder && !isPacked(name) && size <= LONGEST_TEXT) {
      if (size > 0) collector.add(0, size, 0);
      else tally.add(name, EMPTY);
      return collector.endFile(file, name);
    }
    for await (const lines of linesOf(file))
      for (const { bytes, start, number } of lines)
        collector.add(isPacked(name) ? unpack().append(bytes) : start, bytes.length, number);
    if (isFolder && collector.count === before) tally.add(name, EMPTY);
    collector.endFile(isPacked(name) ? unpack().path : file, name);
  };

  try {
    for (const name of names) await add(isFolder ? join(path, name) : path, name);
    unpacked?.file.flush();
    if (collector.count === 0) throw new UserError(`${path}: no text, only empty lines`);
    const index = collector.index(names.every((name) => (formatOf(name) ?? "text") !== "text"));
    const plain = recordSource(index);
    const entryNames = () => Array.from({ length: plain.length }, (_, record) => plain.name(record));
    const labels: Labels | undefined = options.labels
      ? await labelsFromTable(options.labels, entryNames())
      : rowLabels.some((label) => label !== undefined)
        ? labelsOf(Array.from({ length: collector.count }, (_, record) => rowLabels[record]))
        : isFolder
          ? labelsFromFolders(entryNames())
          : undefined;
    return recordSource({ ...index, ...labels, leftOut: tally.leftOut }, remove);
  } catch (error) {
    remove();
    throw codeOf(error) ? fileError(path, "read", error) : error;
  }
}
