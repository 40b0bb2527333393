import { BrokenSample } from "../../../foundation/errors.ts";
import { printable } from "../../../foundation/printable.ts";

/** Residues of the longest protein that is read: 30 times titin, the longest known. */
export const LONGEST = 1_000_000;

const RESIDUE = /^[A-Z]+$/;

/**
 * A sequence as it was written, in upper case, without the stop at its end.
 * @throws BrokenSample when a character stands for no residue
 */
export function residuesOf(written: string): string {
  const residues = written.toUpperCase().replace(/\*+$/, "");
  if (residues === "") throw new BrokenSample("has no residues");
  if (RESIDUE.test(residues)) return residues;
  const at = residues.search(/[^A-Z]/);
  const character = printable(String.fromCodePoint(residues.codePointAt(at) ?? 0));
  throw new BrokenSample(
    character === "*"
      ? `has a stop (*) inside, after ${at} residues: is it translated in the wrong frame?`
      : `"${character}" after ${at} residues stands for none`,
  );
}

/** Letters of nucleotides, with the one for any. */
const NUCLEOTIDE = /[ACGTUN]/gi;

/** Letters from which it can be told. */
const ENOUGH = 60;

/** Whether sequences are of nucleotides: nearly all of their letters are A, C, G, T, U or N. */
export function areNucleotides(sequences: readonly string[]): boolean {
  const letters = sequences.join("").replaceAll(/[^A-Za-z]/g, "");
  return letters.length >= ENOUGH && (letters.match(NUCLEOTIDE)?.length ?? 0) >= 0.95 * letters.length;
}

/** Different letters that proteins have and no code or name has so many of. */
const DIFFERENT = 10;

/**
 * Whether the values of a column are sequences of residues: letters in upper case without blanks, long, of many kinds, and not
 * of nucleotides.
 */
export function areResidues(values: readonly string[]): boolean {
  const filled = values.filter((value) => value.trim() !== "");
  const sequences = filled.filter((value) => /^[A-Z]{5,}\*?$/.test(value.trim()));
  const letters = sequences.reduce((sum, { length }) => sum + length, 0);
  if (filled.length === 0 || sequences.length < 0.9 * filled.length || letters < 15 * sequences.length) return false;
  return new Set(sequences.join("").replaceAll("*", "")).size >= DIFFERENT && !areNucleotides(sequences);
}
