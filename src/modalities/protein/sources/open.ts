import { open as openFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { Tally } from "../../../data/files/left-out.ts";
import { listFiles, nothingTaken } from "../../../data/files/listing.ts";
import { packing } from "../../../data/files/packed.ts";
import { type Labels, labelsFromFolders, labelsFromTable, labelsOf } from "../../../data/labels.ts";
import type { Recognition } from "../../../data/modality.ts";
import { groupsOf } from "../../../data/parts/groups.ts";
import { exceptOf, type OpenOptions, type Source } from "../../../data/source.ts";
import { type TableFormat, tableFormatOf } from "../../../data/tables/rows.ts";
import { UserError } from "../../../foundation/errors.ts";
import { codeOf, fileError } from "../../../foundation/files.ts";
import type { Protein } from "../protein.ts";
import { FASTA_NAMES, fastaLines, fieldsOf, firstRecords, haveThirdLines, idOf, isFastaName } from "./fasta.ts";
import { areNucleotides, areResidues } from "./letters.ts";
import { residueLabels } from "./residue-labels.ts";
import { ProteinCollector, type ProteinIndex, proteinSource } from "./store.ts";
import { firstSequences, sequenceRows } from "./table.ts";

/** Sequences that are looked at to tell what a file is. */
const LOOKED = 200;
const LABEL_FIELD = "label";

/** What is known of each sequence beside its residues. */
interface Facts {
  readonly labels: (string | undefined)[];
  readonly groups: (string | undefined)[];
  /** Names of fields that headers have, for messages. */
  readonly fields: Set<string>;
}

/**
 * Whether a path is proteins: certainly a file with a name of FASTA, and one that has nothing but headers and residues; by its
 * values a table with a column of sequences; possibly a folder of FASTA files.
 * @throws UserError when the path cannot be read
 */
export async function recognisesProteins(path: string): Promise<Recognition> {
  const { isFolder, names } = await listFiles(path, isFastaName);
  if (isFolder) return names.length > 0 ? "possible" : undefined;
  if (names.length > 0) return "certain";
  if (tableFormatOf(path))
    return areResidues(await firstSequences(path, LOOKED).catch(skipUnreadable)) ? "proven" : undefined;
  if (/\.(txt|text|md)$/i.test(path) || !(await beginsWithHeader(path))) return undefined;
  const records = await firstRecords(path, LOOKED).catch(skipUnreadable);
  return areResidues(records.map(({ lines }) => lines.join("").toUpperCase())) ? "certain" : undefined;
}

/** What cannot be read is of another kind; that kind says why it is broken. */
function skipUnreadable(error: unknown): [] {
  if (!(error instanceof UserError)) throw error;
  return [];
}

async function beginsWithHeader(path: string): Promise<boolean> {
  const file = await openFile(path).catch(() => undefined);
  if (!file) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    return /^\s*>/.test(buffer.subarray(0, bytesRead).toString("latin1"));
  } finally {
    await file.close();
  }
}

/**
 * Opens proteins: a FASTA file, a table with a column of sequences, or a folder of FASTA files.
 * @throws UserError when there are none, they are nucleotides, a file is not UTF-8, or a column or field is missing
 */
export async function openProteins(path: string, options: OpenOptions = {}): Promise<Source<Protein>> {
  const listing = await listFiles(path, isFastaName, exceptOf(options));
  const { isFolder } = listing;
  const packed = isFolder || isFastaName(path) || tableFormatOf(path) ? undefined : await packing(path);
  if (packed !== undefined) throw new UserError(`${path}: ${packed}; proteins are not read from archives`);
  // A second FASTA file in the folder, whose letters are labels, is no data.
  const files = isFolder ? listing.names : [basename(path)];
  if (files.length === 0) throw nothingTaken(path, "folder", "proteins", FASTA_NAMES, listing);
  const root = isFolder ? path : dirname(path);
  const tally = new Tally();
  if (isFolder) tally.addAll(listing.leftOut);
  const collector = new ProteinCollector();
  const facts: Facts = { labels: [], groups: [], fields: new Set() };
  const lengths: number[] = [];
  try {
    for (const file of files) {
      const at = isFolder ? `${file}:` : "";
      const format = tableFormatOf(file);
      const before = collector.count;
      if (format) await addTable(join(root, file), format, options, collector, lengths, facts, tally);
      else await addFasta(join(root, file), at, options, collector, lengths, facts, tally);
      if (isFolder && collector.count === before) tally.add(file, { what: "files without a sequence" });
    }
    if (collector.count === 0) throw new UserError(`${path}: has no sequence`);
    requireFields(path, options, facts);
    const names = collector.names();
    const { labels, notes } = await labelsFor(options, { names, lengths }, facts, tally, isFolder);
    const index: ProteinIndex = {
      ...collector.index(),
      ...(labels ?? {}),
      groups: groupsOf(facts.groups, options.group),
      ...(tally.leftOut.length > 0 ? { leftOut: tally.leftOut } : {}),
      ...(notes.length > 0 ? { notes } : {}),
    };
    return proteinSource(index, () => collector.remove());
  } catch (error) {
    collector.remove();
    throw codeOf(error) ? fileError(path, "read", error) : error;
  }
}

/** @throws UserError when the file has nucleotides, with what to do */
function refuseNucleotides(path: string, sequences: readonly string[]): void {
  if (areNucleotides(sequences))
    throw new UserError(
      `${path}: nucleotides (A, C, G, T or U), not residues; translate them to proteins, or take them as texts: --modality text --tokenizer-kind bpe`,
    );
}

async function addFasta(
  path: string,
  prefix: string,
  { labelColumn = LABEL_FIELD, group }: OpenOptions,
  collector: ProteinCollector,
  lengths: number[],
  { labels, groups, fields }: Facts,
  tally: Tally,
): Promise<void> {
  const first = await firstRecords(path, LOOKED);
  const third = haveThirdLines(first);
  const sequences = first.map(({ lines }) => (third ? (lines[0] ?? "") : lines.join("")));
  refuseNucleotides(path, sequences);
  let pending: { header: string; line: number } | undefined;
  let written = 0;
  let current = -1;
  for await (const line of fastaLines(path, third)) {
    if ("header" in line) {
      if (pending)
        tally.add(`${prefix}${idOf(pending.header) || `line ${pending.line}`}`, { what: "headers without a sequence" });
      pending = line;
      written = 0;
      continue;
    }
    if (pending && line.letters.length > 0) {
      const { header, line: number } = pending;
      collector.begin(`${prefix}${idOf(header) || `line ${number}`}`);
      current = collector.count - 1;
      lengths[current] = 0;
      const found = fieldsOf(header);
      for (const name of found.keys()) fields.add(name);
      labels[current] = valueIn(found, labelColumn);
      groups[current] = group === undefined ? undefined : valueIn(found, group);
      pending = undefined;
    }
    written++;
    if (third && written === 2) labels[current] = line.letters.toString("utf8").trim();
    else {
      collector.append(line.letters);
      // The stop at the end is no residue.
      lengths[current] = (lengths[current] ?? 0) + line.letters.length - Number(line.letters.at(-1) === 0x2a);
    }
  }
  if (pending)
    tally.add(`${prefix}${idOf(pending.header) || `line ${pending.line}`}`, { what: "headers without a sequence" });
}

/** A field of a header, whatever its case. */
const valueIn = (fields: ReadonlyMap<string, string>, name: string): string | undefined =>
  fields.get(name) ?? [...fields].find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];

async function addTable(
  path: string,
  format: TableFormat,
  options: OpenOptions,
  collector: ProteinCollector,
  lengths: number[],
  { labels, groups }: Facts,
  tally: Tally,
): Promise<void> {
  refuseNucleotides(path, await firstSequences(path, LOOKED));
  const name = basename(path);
  for await (const { text, label, group, line } of sequenceRows(path, format, options)) {
    const letters = text.replaceAll(/[\s.-]/g, "");
    if (letters === "") {
      tally.add(`${name}:${line}`, { what: "empty rows" });
      continue;
    }
    collector.begin(`${name}:${line}`);
    collector.append(Buffer.from(letters));
    lengths.push(letters.replace(/\*+$/, "").length);
    labels.push(label);
    groups.push(group);
  }
}

/** @throws UserError when headers lack the field that `--label-column` or `--group` names */
function requireFields(path: string, { labelColumn, group }: OpenOptions, { labels, groups, fields }: Facts): void {
  const isMissing = (values: readonly (string | undefined)[]) => values.every((value) => value === undefined);
  if (tableFormatOf(path)) return;
  const there = fields.size > 0 ? `they have ${[...fields].slice(0, 8).join(", ")}` : "they have none";
  if (labelColumn !== undefined && isMissing(labels))
    throw new UserError(`${path}: no header has a field ${labelColumn}= for --label-column; ${there}`);
  // A pattern for names has parentheses, and is no field.
  if (group !== undefined && fields.size > 0 && isMissing(groups) && !/\(.*\)/.test(group))
    throw new UserError(`${path}: no header has a field ${group}= for --group; ${there}`);
}

/** Labels from a table, from a second FASTA file, from the data themselves, or from the folders that files are in. */
async function labelsFor(
  { labels: table }: OpenOptions,
  lengths: { readonly names: readonly string[]; readonly lengths: readonly number[] },
  { labels }: Facts,
  tally: Tally,
  isFolder: boolean,
): Promise<{ labels: Labels | undefined; notes: readonly string[] }> {
  if (table !== undefined && isFastaName(table)) {
    const { labels: found, notes } = await residueLabels(table, lengths, tally);
    return { labels: labelsOf(found), notes };
  }
  if (table !== undefined) return { labels: await labelsFromTable(table, lengths.names), notes: [] };
  const own = labelsOf(labels);
  // In a folder, the files of its folders are the classes, or the files themselves.
  if (own || !isFolder) return { labels: own, notes: [] };
  const files = lengths.names.map((name) => name.slice(0, name.indexOf(":")));
  const stems = files.map((file) => file.slice(0, file.length - extname(file).length));
  return { labels: labelsFromFolders(files) ?? labelsFromFolders(stems.map((stem) => `${stem}/all`)), notes: [] };
}
