import { BrokenSample } from "../../../foundation/errors.ts";

/** RDKit's WebAssembly is ruined for good by molecules somewhat larger than these, or computes on them without end. */
export const MOST_ATOMS = 500;
export const MOST_CHARACTERS = 1000;
/** Bytes of a mol block, which has a line of up to 70 for each atom and of 20 for each bond. */
const MOST_BLOCK = 1 << 17;

/** Atoms and what else a SMILES has: an atom in brackets, or of the organic subset. */
const ATOM = /\[[^\]]*\]|Br|Cl|[BCNOPSFI*bcnops]/g;

/** Whether a text is a mol block and no SMILES, which has one line. */
export const isBlock = (input: string): boolean => input.includes("\n");

/** Atoms by the counts line of a mol block, V2000's or V3000's. */
const atomsInBlock = (block: string): number =>
  Number(/^M {2}V30 COUNTS (\d+)/m.exec(block)?.[1] ?? (block.split(/\r?\n/, 4)[3] ?? "").slice(0, 3));

/**
 * Most atoms and bonds that a molecule can have, by its text alone. RDKit may find fewer: it takes hydrogens away.
 * @param input SMILES or a mol block
 */
export function mostOf(input: string): { readonly nodes: number; readonly edges: number } {
  if (isBlock(input)) {
    const nodes = atomsInBlock(input);
    const bonds = /^M {2}V30 COUNTS \d+ (\d+)/m.exec(input)?.[1] ?? (input.split(/\r?\n/, 4)[3] ?? "").slice(3, 6);
    return { nodes, edges: Number(bonds) };
  }
  const nodes = input.match(ATOM)?.length ?? 0;
  // A ring's two digits are one bond more than the atoms of a tree have.
  const closures = input.replaceAll(/\[[^\]]*\]/g, "").match(/%\d\d|\d/g)?.length ?? 0;
  return { nodes, edges: Math.max(0, nodes - 1) + Math.ceil(closures / 2) };
}

/** @throws BrokenSample for what RDKit is not asked about */
export function checkLimits(input: string): void {
  if (isBlock(input)) {
    if (input.length > MOST_BLOCK) throw new BrokenSample(`a record of ${input.length} bytes; ${MOST_BLOCK} are read`);
    const atoms = atomsInBlock(input);
    if (atoms > MOST_ATOMS) throw new BrokenSample(`${atoms} atoms; molecules of up to ${MOST_ATOMS} are read`);
    return;
  }
  if (input.length > MOST_CHARACTERS)
    throw new BrokenSample(`a SMILES of ${input.length} characters; ${MOST_CHARACTERS} are read`);
  const atoms = input.match(ATOM)?.length ?? 0;
  if (atoms > MOST_ATOMS) throw new BrokenSample(`${atoms} atoms; molecules of up to ${MOST_ATOMS} are read`);
  // RDKit's own reader ends at a zero byte and would take what is before it for the molecule.
  if (/\p{Cc}/u.test(input)) throw new BrokenSample("not a SMILES: it has control characters");
}
