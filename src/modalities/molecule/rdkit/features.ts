import type { Graph } from "../../../data/graph.ts";
import { ATOM, RESERVED } from "./codes.ts";
import { conjugatedBonds } from "./conjugation.ts";
import type { Instance, JSMol } from "./instance.ts";
import { jsonOf } from "./json.ts";

/** OGB's number of an aromatic bond. */
const AROMATIC = 3;

const CHIRALITY: Readonly<Record<string, number>> = { unspecified: 0, cw: 1, ccw: 2 };
/** RDKit's JSON has cis and trans by the neighbours of highest rank, which is Z and E. */
const STEREO: Readonly<Record<string, number>> = { unspecified: 0, cis: 1, trans: 2, either: 5 };

/** `value` − `first`, or the last value for one that is not among them. */
const place = (value: number, first: number, count: number): number =>
  value >= first && value < first + count - 1 ? value - first : count - 1;

interface Matched {
  readonly atoms?: readonly number[];
}

/**
 * Hybridisation of each atom. It is not in the JSON; SMARTS know it. Most atoms are SP2 or SP3, so that rarer ones are
 * looked for only where atoms are left.
 */
function hybridisations(mol: JSMol, { hybridised }: Instance, count: number): Uint8Array {
  const found = new Uint8Array(count).fill(ATOM.hybridisation - 1);
  let left = count;
  for (const { pattern, code } of hybridised) {
    if (left === 0) break;
    // Of one match it gives an object, and of none an empty one.
    const matches: readonly Matched[] | Matched = JSON.parse(mol.get_substruct_matches(pattern));
    for (const { atoms = [] } of globalThis.Array.isArray(matches) ? matches : [matches])
      for (const atom of atoms) {
        found[atom] = code;
        left--;
      }
  }
  return found;
}

/** Atoms and bonds with their features. */
export function graphOf(mol: JSMol, instance: Instance): Graph {
  const molecule = jsonOf(mol);
  const { atoms, bonds, aromaticAtoms, aromaticBonds, atomRings } = molecule;
  const [aromatic, inRing, degree] = [0, 0, 0].map(() => new Uint8Array(atoms.length)) as Uint8Array[];
  for (const atom of aromaticAtoms) aromatic![atom] = 1;
  for (const atom of atomRings.flat()) inRing![atom] = 1;
  for (const { atoms: ends } of bonds) for (const atom of ends) degree![atom]!++;
  const hybridised = hybridisations(mol, instance, atoms.length);
  const nodes = Int32Array.from(
    atoms.flatMap(({ z, stereo, chg, impHs, nRad }, atom) => [
      place(z, 1, ATOM.element),
      CHIRALITY[stereo] ?? 3,
      place(degree![atom]! + impHs, 0, ATOM.degree),
      place(chg, -5, ATOM.charge),
      place(impHs, 0, ATOM.hydrogens),
      place(nRad, 0, ATOM.radicals),
      hybridised[atom]!,
      aromatic![atom]!,
      inRing![atom]!,
    ]),
    (value) => value + RESERVED,
  );
  const isAromatic = new Set(aromaticBonds);
  const conjugated = conjugatedBonds(molecule);
  const edges = Int32Array.from(
    bonds.flatMap(({ atoms: [from, to], bo, stereo }, bond) => [
      from,
      to,
      RESERVED + (isAromatic.has(bond) ? AROMATIC : Number.isInteger(bo) ? (place(bo, 1, 4) === 3 ? 4 : bo - 1) : 4),
      RESERVED + (STEREO[stereo] ?? 0),
      RESERVED + conjugated[bond]!,
    ]),
  );
  return { count: atoms.length, nodes, edges };
}
