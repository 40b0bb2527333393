import { basename, join } from "node:path";
import { Tally } from "../../../data/files/left-out.ts";
import { type Listing, listFiles, nothingTaken } from "../../../data/files/listing.ts";
import { labelsFromFolders, labelsFromTable, labelsOf } from "../../../data/labels.ts";
import type { Recognition } from "../../../data/modality.ts";
import { groupsOf } from "../../../data/parts/groups.ts";
import { exceptOf, type OpenOptions, type Source } from "../../../data/source.ts";
import { linesOf } from "../../../data/tables/lines.ts";
import { rowsOf, type TableFormat, tableFormatOf } from "../../../data/tables/rows.ts";
import { UserError } from "../../../foundation/errors.ts";
import { codeOf, fileError } from "../../../foundation/files.ts";
import type { Molecule } from "../molecule.ts";
import { smilesColumn } from "./column.ts";
import type { MoleculeEntry } from "./entry.ts";
import { FORMATS, formatOf } from "./formats.ts";
import { moleculeOf, moleculesIn } from "./sdf.ts";
import { isSubtitle, smilesIn } from "./smiles-file.ts";
import { moleculeSource } from "./source.ts";
import { MoleculeCollector } from "./store.ts";

const takes = (name: string): boolean => formatOf(name) !== undefined;

/** Whether a file of SMILES is one of subtitles, which has the same extension. */
async function hasSubtitles(path: string): Promise<boolean> {
  const lines = linesOf(path);
  try {
    const { value } = await lines.next();
    return isSubtitle(value?.[0]?.bytes.toString("utf8") ?? "");
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  } finally {
    await lines.return(undefined);
  }
}

/**
 * Whether a path is of molecules: certainly a file by its extension, and a folder with such files; a table if it has a column
 * that is called SMILES, or similarly, and RDKit reads its values.
 * @throws UserError when the path, or a folder below it, cannot be read
 */
export async function recognisesMolecules(path: string): Promise<Recognition> {
  const { isFolder, names } = await listFiles(path, takes);
  if (isFolder) return names.length > 0 ? "certain" : undefined;
  const table = tableFormatOf(path);
  if (table) return (await smilesColumn(path, table)) === undefined ? undefined : "proven";
  if (names.length === 0) return undefined;
  return formatOf(path) === "smiles" && (await hasSubtitles(path)) ? undefined : "certain";
}

async function* ofTable(path: string, format: TableFormat, options: OpenOptions): AsyncGenerator<MoleculeEntry[]> {
  const column = options.column ?? (await smilesColumn(path, format));
  if (column === undefined)
    throw new UserError(`${path}: no column of SMILES is found by its name; name it with --column`);
  for await (const rows of rowsOf(path, format, { ...options, column }))
    yield rows.map(({ text, label, line }) => ({ input: text.trim(), title: "", label, line }));
}

/** The molecules of one file. */
async function* moleculesOf(path: string, options: OpenOptions): AsyncGenerator<readonly MoleculeEntry[]> {
  const format = formatOf(path);
  const table = tableFormatOf(path);
  if (table) yield* ofTable(path, table, options);
  else if (format === "sdf") yield* moleculesIn(path, { label: options.labelColumn, group: options.group });
  else if (format === "mol") yield await moleculeOf(path);
  else yield* smilesIn(path);
}

function filesAt(path: string, listing: Listing): readonly string[] {
  if (!listing.isFolder && (tableFormatOf(path) || listing.names.length > 0)) return [basename(path)];
  if (listing.names.length > 0) return listing.names;
  throw nothingTaken(path, listing.isFolder ? "folder" : "file", "molecules", FORMATS, listing);
}

/**
 * Opens molecules: a file with one SMILES a line, a table with one a row, an SD file, or a folder of such files and of mol
 * files. They are not parsed before they are read, except the first of a table.
 * @throws UserError when there are none, a file is not UTF-8, or a column or field is missing
 */
export async function openMolecules(path: string, options: OpenOptions = {}): Promise<Source<Molecule>> {
  const listing = await listFiles(path, takes, exceptOf(options));
  const names = filesAt(path, listing);
  const tally = new Tally();
  if (listing.isFolder) tally.addAll(listing.leftOut);
  const collector = new MoleculeCollector();
  try {
    for (const name of names) {
      for await (const entries of moleculesOf(listing.isFolder ? join(path, name) : path, options))
        for (const entry of entries)
          if (entry.input.trim() === "") tally.add(`${name}:${entry.line}`, { what: "empty rows" });
          else collector.add(entry);
      collector.endFile(name);
    }
    if (collector.count === 0) throw new UserError(`${path}: no molecules in it`);
    const index = { ...collector.index(), leftOut: tally.leftOut };
    const plain = moleculeSource(index);
    const all = () => Array.from({ length: plain.length }, (_, at) => plain.name(at));
    const { labels: written } = collector;
    const labels = options.labels
      ? await labelsFromTable(options.labels, all())
      : written
        ? labelsOf(written)
        : listing.isFolder
          ? labelsFromFolders(all())
          : undefined;
    return moleculeSource(
      {
        ...index,
        ...(labels ? { labels } : {}),
        groups: groupsOf(collector.groups, options.group),
      },
      undefined,
      () => collector.remove(),
    );
  } catch (error) {
    collector.remove();
    throw codeOf(error) ? fileError(path, "read", error) : error;
  }
}
