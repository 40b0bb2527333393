import type { Instance, JSMol } from "./instance.ts";
import { jsonFor, jsonOf } from "./json.ts";

/**
 * The Bemis–Murcko scaffold of a molecule as canonical SMILES, without stereo: rings, what links them, and atoms with a double
 * bond to these. Empty for a molecule without rings. Bemis and Murcko 1996, https://doi.org/10.1021/jm9602928; as Python's
 * `MurckoScaffoldSmiles(includeChirality=False)`.
 */
export function scaffoldOf(mol: JSMol, { library }: Instance): string {
  const { atoms, bonds, atomRings } = jsonOf(mol);
  const inRing = new Set(atomRings.flat());
  const around = atoms.map((): number[] => []);
  bonds.forEach(({ atoms: ends }, bond) => {
    for (const atom of ends) around[atom]!.push(bond);
  });
  const other = (bond: number, atom: number) => bonds[bond]!.atoms[bonds[bond]!.atoms[0] === atom ? 1 : 0];
  const kept = new Set(atoms.keys());
  const left = around.map(({ length }) => length);
  const ends = [...kept].filter((atom) => left[atom]! < 2 && !inRing.has(atom));
  for (let atom = ends.pop(); atom !== undefined; atom = ends.pop()) {
    if (!kept.delete(atom)) continue;
    for (const bond of around[atom]!) {
      const next = other(bond, atom);
      if (kept.has(next) && --left[next]! < 2 && !inRing.has(next)) ends.push(next);
    }
  }
  const charged = new Set<number>();
  const doubles = bonds.flatMap(({ bo, atoms: [from, to] }) =>
    bo === 2 && kept.has(from) !== kept.has(to) ? [kept.has(from) ? to : from] : [],
  );
  for (const atom of doubles) {
    kept.add(atom);
    // RDKit gives them no hydrogens: a charged atom was written in brackets, with all that it has.
    if (atoms[atom]!.chg !== 0) charged.add(atom);
  }
  if (kept.size === 0) return "";

  const order = [...kept].sort((a, b) => a - b);
  const places = new Map(order.map((atom, at) => [atom, at]));
  const whole = (bond: number) => bonds[bond]!.atoms.every((atom) => kept.has(atom));
  const written = jsonFor(
    order.map((atom) => {
      // Hydrogens take the places of what is left out.
      const lost = charged.has(atom) ? [] : around[atom]!.filter((bond) => !whole(bond));
      const freed = lost.reduce((sum, bond) => sum + bonds[bond]!.bo, 0);
      return { ...atoms[atom]!, impHs: atoms[atom]!.impHs + freed };
    }),
    [...bonds.keys()].filter(whole).map((bond) => {
      const [from, to] = bonds[bond]!.atoms;
      return { ...bonds[bond]!, atoms: [places.get(from)!, places.get(to)!] as const };
    }),
  );
  const scaffold = library.get_mol(written);
  if (!scaffold) throw new Error(`RDKit does not read a scaffold of ${mol.get_smiles()}`);
  try {
    return scaffold.get_smiles();
  } finally {
    scaffold.delete();
  }
}
