import type { Rng } from "../../../array/rng.ts";
import { flipped, HYDROGEN, readSmiles, type WrittenMolecule } from "./read.ts";

/** What a walk over the molecule makes of its bonds. */
interface Walk {
  /** Bonds to the atoms that are written behind each, in their order. */
  readonly children: readonly number[][];
  /** Bonds that close a ring, at both atoms. */
  readonly rings: readonly number[][];
  /** The bond by which each was reached; −1 for the first of its component. */
  readonly from: Int32Array;
  readonly roots: readonly number[];
}

/** Walks through all atoms from random ones on, each time along a random bond. */
function walkOver({ atoms, bonds }: WrittenMolecule, rng: Rng): Walk {
  const children = atoms.map((): number[] => []);
  const rings = atoms.map((): number[] => []);
  const from = new Int32Array(atoms.length).fill(-1);
  const isSeen = new Uint8Array(atoms.length);
  const isUsed = new Uint8Array(bonds.length);
  const roots: number[] = [];
  const visit = (atom: number): void => {
    isSeen[atom] = 1;
    const around = atoms[atom]!.neighbours.filter((bond) => bond !== HYDROGEN);
    for (const at of rng.permutation(around.length)) {
      const bond = around[at]!;
      if (isUsed[bond]) continue;
      isUsed[bond] = 1;
      const { from: one, to: two } = bonds[bond]!;
      const other = one === atom ? two : one;
      if (isSeen[other]) {
        rings[other]!.push(bond);
        rings[atom]!.push(bond);
      } else {
        children[atom]!.push(bond);
        from[other] = bond;
        visit(other);
      }
    }
  };
  for (const root of rng.permutation(atoms.length))
    if (!isSeen[root]) {
      roots.push(root);
      visit(root);
    }
  return { children, rings, from, roots };
}

/** Whether an order is an odd permutation of another. */
function isOdd(order: readonly number[], other: readonly number[]): boolean {
  const places = order.map((one) => other.indexOf(one));
  let swaps = 0;
  places.forEach((place, at) => {
    for (let before = 0; before < at; before++) if (places[before]! > place) swaps++;
  });
  return swaps % 2 === 1;
}

const ringText = (number: number): string =>
  number < 10 ? String(number) : number < 100 ? `%${number}` : `%(${number})`;

/**
 * Another SMILES of the same molecule, chosen at random: Bjerrum 2017, https://arxiv.org/abs/1703.07076. RDKit makes such,
 * too, but not from a seed.
 * @param smiles as RDKit writes it
 */
export function shuffledSmiles(smiles: string, rng: Rng): string {
  const molecule = readSmiles(smiles);
  if (!molecule) return smiles;
  const { atoms, bonds } = molecule;
  const { children, rings, from, roots } = walkOver(molecule, rng);
  const numbers = new Map<number, number>();
  const inUse = new Set<number>();
  const isWritten = new Uint8Array(atoms.length);
  const symbolFrom = (bond: number, atom: number): string => {
    const { from: start, symbol } = bonds[bond]!;
    return start === atom ? symbol : flipped(symbol);
  };
  const otherEnd = (bond: number, atom: number): number => {
    const { from: one, to: two } = bonds[bond]!;
    return one === atom ? two : one;
  };

  const write = (atom: number): string => {
    isWritten[atom] = 1;
    const { before, behind, chirality, neighbours } = atoms[atom]!;
    const closing = rings[atom]!.filter((bond) => isWritten[otherEnd(bond, atom)]);
    const opening = rings[atom]!.filter((bond) => !isWritten[otherEnd(bond, atom)]);
    const order = [
      ...(from[atom]! >= 0 ? [from[atom]!] : []),
      ...(neighbours.includes(HYDROGEN) ? [HYDROGEN] : []),
      ...closing,
      ...opening,
      ...children[atom]!,
    ];
    const turned = chirality === "@" ? "@@" : "@";
    let text = `${before}${chirality !== "" && isOdd(neighbours, order) ? turned : chirality}${behind}`;
    for (const bond of closing) text += ringText(numbers.get(bond)!);
    for (const bond of opening) {
      let number = 1;
      while (inUse.has(number)) number++;
      inUse.add(number);
      numbers.set(bond, number);
      text += `${symbolFrom(bond, atom)}${ringText(number)}`;
    }
    // Only now: the same number twice at one atom would be read as a ring of this atom.
    for (const bond of closing) inUse.delete(numbers.get(bond)!);
    children[atom]!.forEach((bond, at) => {
      const branch = `${symbolFrom(bond, atom)}${write(otherEnd(bond, atom))}`;
      text += at < children[atom]!.length - 1 ? `(${branch})` : branch;
    });
    return text;
  };
  return roots.map(write).join(".");
}
