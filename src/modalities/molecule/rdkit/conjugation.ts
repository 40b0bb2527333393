import type { JsonMolecule } from "./json.ts";

/*
 * Which bonds are conjugated: RDKit's rule (ConjugHybrid.cpp), since its JSON does not say. Checked against Python's RDKit on
 * the sets of MoleculeNet.
 */

/** Electrons of the outer shell of main-group elements, by period from the second; and their usual valences. */
const PERIODS: readonly (readonly number[])[] = [
  [3, 4, 5, 6, 7, 8, 9, 10],
  [11, 12, 13, 14, 15, 16, 17, 18],
  [19, 20, 31, 32, 33, 34, 35, 36],
  [37, 38, 49, 50, 51, 52, 53, 54],
  [55, 56, 81, 82, 83, 84, 85, 86],
];
const VALENCES = [1, 2, 3, 4, 3, 2, 1, 0] as const;

/** By atomic number: outer electrons and the usual valence; −1 where any is allowed. */
const outer = new Int8Array(119).fill(0);
const valence = new Int8Array(119).fill(-1);
for (const period of PERIODS)
  period.forEach((z, at) => {
    outer[z] = at + 1;
    valence[z] = VALENCES[at]!;
  });
[outer[1], valence[1], outer[2], valence[2]] = [1, 1, 2, 0];
// RDKit's table has the smaller valence first.
[valence[50], valence[82]] = [2, 2];

/** For each bond whether it is conjugated. */
export function conjugatedBonds({ atoms, bonds, aromaticBonds }: JsonMolecule): Uint8Array {
  const conjugated = new Uint8Array(bonds.length);
  const isMultiple = Uint8Array.from(bonds, ({ bo }) => Number(bo >= 2));
  for (const bond of aromaticBonds) {
    conjugated[bond] = 1;
    isMultiple[bond] = 1;
  }
  const around = atoms.map((): number[] => []);
  const orders = new Float64Array(atoms.length);
  bonds.forEach(({ atoms: [from, to], bo }, bond) => {
    around[from]!.push(bond);
    around[to]!.push(bond);
    orders[from]! += bo;
    orders[to]! += bo;
  });
  const degrees = atoms.map(({ impHs }, atom) => around[atom]!.length + impHs);

  /** Electrons that an atom may give to a π system. */
  const electrons = (atom: number): number => {
    const { z, chg, nRad } = atoms[atom]!;
    const usual = valence[z]!;
    const degree = degrees[atom]!;
    if (usual <= 1 || degree > 3) return -1;
    const pairs = Math.max(outer[z]! - usual - chg, 0);
    const free = usual - degree + pairs - nRad;
    return free > 1 && orders[atom]! - around[atom]!.length > 1 ? 1 : free;
  };
  const candidate = atoms.map(({ z, chg, impHs }, atom) => {
    if (chg === 0 && valence[z]! >= 0 && orders[atom]! + impHs > valence[z]!) return false;
    const isHeavy = z > 10 && (outer[z] === 5 || (outer[z] === 6 && degrees[atom]! >= 2));
    return !isHeavy && electrons(atom) > 0;
  });

  atoms.forEach((_, atom) => {
    if (!candidate[atom] || degrees[atom]! < 2 || degrees[atom]! > 3) return;
    const other = (bond: number) => bonds[bond]!.atoms[bonds[bond]!.atoms[0] === atom ? 1 : 0];
    for (const multiple of around[atom]!) {
      if (!isMultiple[multiple] || !candidate[other(multiple)]) continue;
      for (const next of around[atom]!) {
        if (next === multiple || degrees[other(next)]! > 3 || !candidate[other(next)]) continue;
        conjugated[multiple] = 1;
        conjugated[next] = 1;
      }
    }
  });
  return conjugated;
}
