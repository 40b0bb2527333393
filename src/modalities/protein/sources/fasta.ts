import { extensionOf } from "../../../data/files/extension.ts";
import { linesOf } from "../../../data/tables/lines.ts";
import { UserError } from "../../../foundation/errors.ts";
import { printable, shortened } from "../../../foundation/printable.ts";

const EXTENSIONS = [".fasta", ".fa", ".faa", ".fas", ".mpfa", ".pep", ".a3m"];

/** Extensions of FASTA, for messages. */
export const FASTA_NAMES = `${EXTENSIONS.join(", ")}, each also .gz`;

/** Whether a file is FASTA by its name. */
export const isFastaName = (name: string): boolean => EXTENSIONS.includes(extensionOf(name));

/** Whether a file is an alignment in A3M, in which lower case means insertions. */
const isA3m = (name: string): boolean => extensionOf(name) === ".a3m";

/** A header, or a line of the sequence after it. */
export type FastaLine =
  | { readonly header: string; readonly line: number }
  | { readonly letters: Buffer; readonly line: number };

const [GREATER, SEMICOLON, GAP, POINT] = [">", ";", "-", "."].map((sign) => sign.charCodeAt(0));

const isLower = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a;

/** The letters of a line: without blanks and gaps; of A3M also without insertions. Else in upper case. */
function lettersOf(bytes: Buffer, withoutInsertions: boolean): Buffer {
  const letters = Buffer.allocUnsafe(bytes.length);
  let count = 0;
  for (const byte of bytes) {
    if (byte === GAP || byte === POINT || byte === 0x20 || byte === 9 || byte === 13) continue;
    if (isLower(byte)) {
      if (!withoutInsertions) letters[count++] = byte - 0x20;
    } else letters[count++] = byte;
  }
  return letters.subarray(0, count);
}

/**
 * The lines of a FASTA file as they are. Lines that begin with a semicolon are comments.
 * @throws UserError when it is not UTF-8, or begins with something else than a header
 */
export async function* rawLines(path: string): AsyncGenerator<FastaLine> {
  let isBegun = false;
  for await (const lines of linesOf(path))
    for (const { bytes, number: line } of lines) {
      if (bytes[0] === SEMICOLON) continue;
      if (bytes[0] === GREATER) {
        isBegun = true;
        yield { header: bytes.subarray(1).toString("utf8").trim(), line };
      } else if (isBegun) yield { letters: bytes, line };
      else {
        const found = shortened(printable(bytes.subarray(0, 200).toString("utf8")), 20);
        throw new UserError(`${path}: not FASTA: line ${line} ("${found}") comes before the first header (>)`);
      }
    }
}

/**
 * The lines of a FASTA file, gaps and blanks removed, letters in upper case; insertions of an A3M are removed, too.
 * @param third whether every second line of a sequence has labels, and stays as it is
 * @throws UserError as for a file that is no FASTA
 */
export async function* fastaLines(path: string, third = false): AsyncGenerator<FastaLine> {
  const withoutInsertions = isA3m(path);
  let at = 0;
  for await (const line of rawLines(path)) {
    at = "header" in line ? 0 : at + 1;
    if ("header" in line || (third && at === 2)) yield line;
    else yield { ...line, letters: lettersOf(line.letters, withoutInsertions) };
  }
}

/** The sequences at the beginning of a file, as their lines. */
export async function firstRecords(path: string, most: number): Promise<{ header: string; lines: string[] }[]> {
  const records: { header: string; lines: string[] }[] = [];
  for await (const line of rawLines(path)) {
    if ("letters" in line) records.at(-1)?.lines.push(line.letters.toString("utf8").trim());
    else if (records.length === most) break;
    else records.push({ header: line.header, lines: [] });
  }
  return records;
}

/**
 * Whether every sequence is one line, followed by a line of the same length with a label for each residue. Sequences that are
 * wrapped to lines of one width are not: their records differ in length only where lines do.
 */
export function haveThirdLines(records: readonly { lines: readonly string[] }[]): boolean {
  const widths = new Set(records.map(({ lines: [first = ""] }) => first.length));
  return widths.size > 1 && records.every(({ lines }) => lines.length === 2 && lines[0]?.length === lines[1]?.length);
}

/** The first word of a header, by which a sequence is known. */
export const idOf = (header: string): string => header.split(/\s/, 1)[0] ?? "";

/** What a header says as `NAME=value`: UniProt's `OS=Homo sapiens OX=9606`, FLIP's `SET=train`. */
export function fieldsOf(header: string): Map<string, string> {
  const found = [...header.matchAll(/(?:^|\s)([A-Za-z][\w-]{0,30})=/g)];
  return new Map(
    found.map((match, at) => {
      const from = match.index + match[0].length;
      return [match[1] ?? "", header.slice(from, found[at + 1]?.index).trim()];
    }),
  );
}
